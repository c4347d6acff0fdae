/* SPDX-License-Identifier: MIT */
/* The vendor's signatures over values of PCR 11, as they come with the boot image. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PCR_POLICY_SIZE 32
#define PCR_SIGNATURE_MAX 512 /* RSA 4096 */

/* Finds the signature over this policy digest in the JSON text (systemd-measure's
 * format: {"sha256":[{"pcrs":[11],"pol":HEX,"sig":BASE64},…]}). -ENOENT when there is
 * none, -EBADMSG when the text isn't valid. */
int pcr_signature_find(const char *json, const uint8_t policy[static PCR_POLICY_SIZE],
		       uint8_t ret[static PCR_SIGNATURE_MAX], size_t *ret_size);
