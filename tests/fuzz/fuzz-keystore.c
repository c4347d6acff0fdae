/* SPDX-License-Identifier: MIT */
/* Fuzz target: Java keystores, as they are and with the right checksum at their end. */
#include <openssl/sha.h>

#include "builder/keystore.h"
#include "fuzz.h"

#define SALT "\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite"

static void try(uint8_t *store, size_t size)
{
	_cleanup_free_ uint8_t *before = xmemdup(store, size), *once = NULL;

	if (keystore_stabilise(store, size, 1700000000, NULL) < 0) {
		must(size == 0 || memcmp(store, before, size) == 0);
		return;
	}
	once = xmemdup(store, size);
	must(keystore_stabilise(store, size, 1700000000, NULL) == 0);
	must(memcmp(store, once, size) == 0);
}

/* Nobody guesses a checksum: without this only its comparison would be tried. */
static void renew_checksum(uint8_t *store, size_t size)
{
	size_t salt = sizeof(SALT) - 1, body = size - SHA_DIGEST_LENGTH;
	_cleanup_free_ uint8_t *all = xmalloc(salt + body);

	memcpy(all, SALT, salt);
	memcpy(all + salt, store, body);
	SHA1(all, salt + body, store + body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *store = xmemdup(data, size);

	try(store, size);
	if (size < SHA_DIGEST_LENGTH)
		return 0;
	renew_checksum(store, size);
	try(store, size);
	return 0;
}
