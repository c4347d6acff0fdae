/* SPDX-License-Identifier: MIT */
/* Where a locked .deb is in the store. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/base32.h"
#include "core/hash.h"
#include "core/store.h"
#include "atomos/lock.h"

#define STORE_HASH_SIZE 20

static char *digest_hex(const char *text)
{
	uint8_t digest[SHA256_SIZE];
	char *hex = xmalloc(2UL * SHA256_SIZE + 1);

	sha256_buffer(text, strlen(text), digest);
	hex_encode(digest, SHA256_SIZE, hex);
	return hex;
}

/* Store names lack some characters of Debian's versions. */
static char *store_name(const struct lock_package *p)
{
	char *name = xasprintf("%s_%s_%s.deb", p->name, p->version, p->architecture);

	for (char *c = name; (c = strpbrk(c, "~:+")); c++)
		*c = '-';
	return name;
}

char *lock_package_deb(const struct lock_package *p)
{
	_cleanup_free_ char *name = store_name(p);
	_cleanup_free_ char *inner = xasprintf("fixed:out:sha256:%s:", p->sha256);
	_cleanup_free_ char *inner_hex = digest_hex(inner);
	_cleanup_free_ char *outer =
		xasprintf("output:out:sha256:%s:" STORE_DIR ":%s", inner_hex, name);
	uint8_t digest[SHA256_SIZE], folded[STORE_HASH_SIZE] = {0};
	char hash[BASE32_LENGTH(STORE_HASH_SIZE) + 1];

	sha256_buffer(outer, strlen(outer), digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		folded[i % STORE_HASH_SIZE] ^= digest[i];
	base32_encode(folded, STORE_HASH_SIZE, hash);
	return xasprintf(STORE_DIR "/%s-%s", hash, name);
}
