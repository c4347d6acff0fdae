/* SPDX-License-Identifier: MIT */
/* The vendor's signatures over values of PCR 11, as they come with the boot image. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PCR_POLICY_SIZE 32
#define PCR_SIGNATURE_MAX 512 /* RSA 4096 */

#define PCR_FINGERPRINT_SIZE 32

struct evp_pkey_st;

/* A public key in PEM, freed by the caller with EVP_PKEY_free; NULL when it isn't one. An
 * encrypted one is none: nobody is asked for a pass phrase. */
struct evp_pkey_st *pcr_key_read(const char *pem);

/* How systemd names a public key (PEM): SHA-256 of its form of PKCS #1. -EBADMSG when it
 * isn't a key. */
int pcr_key_fingerprint(const char *pem, uint8_t ret[static PCR_FINGERPRINT_SIZE]);

/* Finds the signature of this key over this policy digest in the JSON text
 * (systemd-measure's format: {"sha256":[{"pcrs":[11],"pkfp":HEX,"pol":HEX,"sig":BASE64},
 * …]}). -ENOENT when there is none, -EBADMSG when the text isn't valid. */
int pcr_signature_find(const char *json, const uint8_t key[static PCR_FINGERPRINT_SIZE],
		       const uint8_t policy[static PCR_POLICY_SIZE],
		       uint8_t ret[static PCR_SIGNATURE_MAX], size_t *ret_size);

/* Whether any signature in it is this key's; the image that brings it vouches for the
 * key. */
bool pcr_signature_by(const char *json, const uint8_t key[static PCR_FINGERPRINT_SIZE]);
