/* SPDX-License-Identifier: MIT */
/* Java's keystore of trusted certificates, made the same in every build. Format: JDK,
 * sun.security.provider.JavaKeyStore. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "builder/keystore.h"

#define MAGIC 0xfeedfeedU
#define VERSION 2
#define TAG_CERTIFICATE 2
#define CHECKSUM_SIZE 20
#define PASSWORD "changeit"
#define SALT "Mighty Aphrodite"

struct reader {
	uint8_t *at;
	size_t left;
};

static uint8_t *take(struct reader *r, size_t size)
{
	uint8_t *p = r->at;

	if (size > r->left)
		return NULL;
	r->at += size;
	r->left -= size;
	return p;
}

static bool take_number(struct reader *r, unsigned bytes, uint32_t *ret)
{
	const uint8_t *p = take(r, bytes);

	*ret = 0;
	for (unsigned i = 0; p && i < bytes; i++)
		*ret = *ret << 8 | p[i];
	return p;
}

/* The password as UTF-16, a constant, then all but the checksum itself. */
static int checksum(const uint8_t *data, size_t size, uint8_t ret[CHECKSUM_SIZE])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int ok = c && EVP_DigestInit_ex(c, EVP_sha1(), NULL);

	for (const char *p = PASSWORD; ok && *p; p++)
		ok = EVP_DigestUpdate(c, (char[]){0, *p}, 2);
	ok = ok && EVP_DigestUpdate(c, SALT, strlen(SALT)) &&
	     EVP_DigestUpdate(c, data, size) && EVP_DigestFinal_ex(c, ret, NULL);
	EVP_MD_CTX_free(c);
	return ok ? 0 : -EIO;
}

/* One entry: tag, alias, time, kind of certificate, certificate. */
static bool set_entry(struct reader *r, int64_t milliseconds)
{
	uint32_t tag, length;
	uint8_t *time;

	if (!take_number(r, 4, &tag) || tag != TAG_CERTIFICATE ||
	    !take_number(r, 2, &length) || !take(r, length) || !(time = take(r, 8)) ||
	    !take_number(r, 2, &length) || !take(r, length) ||
	    !take_number(r, 4, &length) || !take(r, length))
		return false;
	for (int i = 7; milliseconds >= 0 && i >= 0; i--, milliseconds >>= 8)
		time[i] = (uint8_t)milliseconds;
	return true;
}

/* Negative milliseconds: reads only. */
static bool set_entries(uint8_t *data, size_t size, int64_t milliseconds)
{
	struct reader r = {data, size};
	uint32_t magic, version, count;

	if (!take_number(&r, 4, &magic) || magic != MAGIC ||
	    !take_number(&r, 4, &version) || version != VERSION ||
	    !take_number(&r, 4, &count))
		return false;
	while (count-- > 0)
		if (!set_entry(&r, milliseconds))
			return false;
	return r.left == 0;
}

int keystore_stabilise(uint8_t *data, size_t size, int64_t seconds, struct error *err)
{
	uint8_t sum[CHECKSUM_SIZE];
	size_t body = size - CHECKSUM_SIZE;

	if (size < CHECKSUM_SIZE || !set_entries(data, body, -1) ||
	    checksum(data, body, sum) < 0 || memcmp(sum, data + body, CHECKSUM_SIZE) != 0)
		return fail(err, -EBADMSG, "It is no keystore of certificates alone");
	(void)set_entries(data, body, seconds * 1000);
	return checksum(data, body, data + body);
}
