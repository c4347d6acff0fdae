/* SPDX-License-Identifier: MIT */
/* SHA-256 as a stream, on libcrypto. */
#include <openssl/evp.h>
#include <stdio.h>

#include "base/alloc.h"
#include "core/hash.h"

struct sha256 {
	EVP_MD *algorithm; /* fetched once: a fetch costs more than a small file's digest
			    */
	EVP_MD_CTX *state;
};

static void check(int ok)
{
	if (ok == 1)
		return;
	fputs("libcrypto can't compute SHA-256.\n", stderr);
	abort();
}

static void restart(struct sha256 *h)
{
	check(EVP_DigestInit_ex2(h->state, h->algorithm, NULL));
}

struct sha256 *sha256_new(void)
{
	struct sha256 *h = xcalloc(1, sizeof(*h));

	h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->state = EVP_MD_CTX_new();
	check(h->algorithm && h->state);
	restart(h);
	return h;
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->state);
	EVP_MD_free(h->algorithm);
	free(h);
}

void sha256_update(struct sha256 *h, const void *data, size_t size)
{
	check(EVP_DigestUpdate(h->state, data, size));
}

void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE])
{
	check(EVP_DigestFinal_ex(h->state, digest, NULL));
	restart(h);
}

void sha256_buffer(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
	_cleanup_sha256_ struct sha256 *h = sha256_new();

	sha256_update(h, data, size);
	sha256_final(h, digest);
}
