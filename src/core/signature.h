/* SPDX-License-Identifier: MIT */
/* Ed25519 signatures in Nix's form "NAME:BASE64" and the keys that are trusted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "core/hash.h"

#define PUBLIC_KEY_SIZE 32
#define SIGNATURE_SIZE 64
/* Vendor, a few owners: a list longer than this is a mistake. */
#define TRUSTED_KEYS_MAX 64
#define KEY_NAME_MAX 255
#define TRUSTED_KEYS_TEXT_MAX (64U << 10)

struct evp_pkey_st;

struct public_key {
	char *name;
	uint8_t bytes[PUBLIC_KEY_SIZE];
	struct evp_pkey_st *pkey;
};

struct trusted_keys {
	struct public_key *keys;
	size_t count;
};

/* Parses "NAME:BASE64" lines (Nix's public keys), names of printable ASCII without
 * spaces; empty lines and lines starting with # are skipped. At least one key is
 * required. The result is released by trusted_keys_done; it is empty on failure. `err`
 * names the line. */
int trusted_keys_parse(const char *text, size_t size, struct trusted_keys *ret,
		       struct error *err);
void trusted_keys_done(struct trusted_keys *k);
#define _cleanup_trusted_keys_ _cleanup_(trusted_keys_done)

/* Nix's form "NAME:BASE64" of a key: its seed and its public half, or that alone. In
 * memory that is wiped, since it may be a private one. The name has KEY_NAME_MAX bytes at
 * most; more than that, or than both halves, ends the program. */
struct secret *key_text(const char *name, const uint8_t *bytes, size_t size);

/* SHA-256 of its bytes: what a machine remembers of a key, and people compare. */
void public_key_hash(const struct public_key *key, uint8_t ret[static SHA256_SIZE]);

/* Adds a copy of the key; the caller looks after TRUSTED_KEYS_MAX. */
void trusted_keys_add(struct trusted_keys *k, const struct public_key *key);

/* Returns the trusted key that made `signature` ("NAME:BASE64") over `data`, or NULL. */
const struct public_key *signature_check(const struct trusted_keys *k,
					 const char *signature, const void *data,
					 size_t size);

/* Returns the first trusted key whose name is `name`, or NULL. */
const struct public_key *trusted_keys_find(const struct trusted_keys *k,
					   const char *name);
