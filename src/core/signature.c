/* SPDX-License-Identifier: MIT */
/* Ed25519 signatures in Nix's form and the keys that are trusted. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/signature.h"

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Exactly `size` bytes with their padding, and nothing behind. */
static int base64_decode(const char *text, uint8_t *out, size_t size)
{
	size_t length = (size * 8 + 5) / 6, padding = (4 - length % 4) % 4;
	unsigned bits = 0, count = 0;

	if (strlen(text) != length + padding || strspn(text + length, "=") != padding)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		int value = base64_digit(text[i]);

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (unsigned)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (uint8_t)(bits >> count);
		}
	}
	return (bits & ((1U << count) - 1)) ? -EINVAL : 0;
}

/* Names are shown on consoles and written into headers: ASCII without spaces. */
static bool name_ok(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isascii((unsigned char)name[i]) || !isgraph((unsigned char)name[i]))
			return false;
	return size > 0 && size <= KEY_NAME_MAX;
}

static int parse_key(const char *line, struct public_key *ret)
{
	const char *colon = strchr(line, ':');
	struct public_key k = {0};

	if (!colon || !name_ok(line, (size_t)(colon - line)) ||
	    base64_decode(colon + 1, k.bytes, sizeof(k.bytes)) < 0)
		return -EINVAL;
	k.pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k.bytes,
					     sizeof(k.bytes));
	if (!k.pkey)
		return -EINVAL;
	k.name = xstrndup(line, (size_t)(colon - line));
	*ret = k;
	return 0;
}

static int add_line(struct trusted_keys *k, char *line, size_t number, struct error *err)
{
	size_t length = strlen(line);

	while (length > 0 && strchr(" \t\r", line[length - 1]))
		line[--length] = 0;
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (k->count == TRUSTED_KEYS_MAX)
		return fail(err, -E2BIG, "More than %d trusted keys", TRUSTED_KEYS_MAX);
	k->keys = xrealloc(k->keys, k->count + 1, sizeof(*k->keys));
	if (parse_key(line, &k->keys[k->count]) < 0)
		return fail(
			err, -EINVAL,
			"Line %zu of the trusted keys isn't a public key (NAME:BASE64)",
			number);
	k->count++;
	return 0;
}

int trusted_keys_parse(const char *text, size_t size, struct trusted_keys *ret,
		       struct error *err)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	_cleanup_free_ char *copy = NULL;
	size_t number = 0;

	*ret = k;
	if (size > TRUSTED_KEYS_TEXT_MAX)
		return fail(err, -EFBIG, "The list of trusted keys is too large");
	if (memchr(text, 0, size))
		return fail(err, -EINVAL, "The list of trusted keys isn't text");
	copy = xstrndup(text, size);
	for (char *line = copy, *next; line; line = next) {
		int r;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		r = add_line(&k, line, ++number, err);
		if (r < 0)
			return r;
	}
	if (k.count == 0)
		return fail(err, -ENOKEY, "The list of trusted keys is empty");
	*ret = TAKE_AS(k, (struct trusted_keys){0});
	return 0;
}

void trusted_keys_done(struct trusted_keys *k)
{
	for (size_t i = 0; i < k->count; i++) {
		EVP_PKEY_free(k->keys[i].pkey);
		free(k->keys[i].name);
	}
	free(k->keys);
	*k = (struct trusted_keys){0};
}

struct secret *key_text(const char *name, const uint8_t *bytes, size_t size)
{
	struct secret *s = secret_new();

	/* A key that was cut would be another one. */
	assert(strlen(name) <= KEY_NAME_MAX && size <= 2UL * PUBLIC_KEY_SIZE);
	s->size = (size_t)sprintf(s->data, "%s:", name);
	s->size +=
		(size_t)EVP_EncodeBlock((uint8_t *)s->data + s->size, bytes, (int)size);
	return s;
}

void trusted_keys_add(struct trusted_keys *k, const struct public_key *key)
{
	struct public_key copy = *key;

	copy.name = xstrdup(key->name);
	EVP_PKEY_up_ref(copy.pkey);
	k->keys = xrealloc(k->keys, k->count + 1, sizeof(*k->keys));
	k->keys[k->count++] = copy;
}

const struct public_key *trusted_keys_find(const struct trusted_keys *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++)
		if (streq(k->keys[i].name, name))
			return &k->keys[i];
	return NULL;
}

static bool verify(const struct public_key *key, const uint8_t *signature,
		   const void *data, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
		    EVP_DigestVerify(ctx, signature, SIGNATURE_SIZE, data, size) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

void public_key_hash(const struct public_key *key, uint8_t ret[static SHA256_SIZE])
{
	sha256_buffer(key->bytes, sizeof(key->bytes), ret);
}

const struct public_key *signature_check(const struct trusted_keys *k,
					 const char *signature, const void *data,
					 size_t size)
{
	const char *colon = strchr(signature, ':');
	uint8_t bytes[SIGNATURE_SIZE];

	if (!colon || base64_decode(colon + 1, bytes, sizeof(bytes)) < 0)
		return NULL;
	/* Two keys may bear one name: each is tried. */
	for (size_t i = 0; i < k->count; i++) {
		const struct public_key *key = &k->keys[i];

		if (strlen(key->name) == (size_t)(colon - signature) &&
		    memcmp(key->name, signature, strlen(key->name)) == 0 &&
		    verify(key, bytes, data, size))
			return key;
	}
	return NULL;
}
