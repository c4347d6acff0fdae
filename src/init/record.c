/* SPDX-License-Identifier: MIT */
/* The record in the volume's header. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "init/json.h"
#include "init/record.h"

#define MAC_SIZE 32
/* Makes a key that is good for this and nothing else. */
#define PURPOSE "AtomOS record, version 1"

static int hmac(const void *key, size_t size, const void *data, size_t data_size,
		uint8_t ret[static MAC_SIZE])
{
	unsigned n = 0;

	return HMAC(EVP_sha256(), key, (int)size, data, data_size, ret, &n) &&
			       n == MAC_SIZE
		       ? 0
		       : -EIO;
}

int record_key(const void *volume_key, size_t size, uint8_t ret[static RECORD_KEY_SIZE])
{
	return hmac(volume_key, size, PURPOSE, strlen(PURPOSE), ret);
}

char *record_token(const struct pin *p, const uint8_t key[static RECORD_KEY_SIZE])
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	uint8_t bytes[PIN_SIZE], mac[MAC_SIZE];
	char *text = NULL;

	pin_encode(p, bytes);
	if (hmac(key, RECORD_KEY_SIZE, bytes, sizeof(bytes), mac) < 0 ||
	    sd_json_buildo(&token, SD_JSON_BUILD_PAIR_STRING("type", RECORD_TOKEN),
			   SD_JSON_BUILD_PAIR("keyslots", SD_JSON_BUILD_EMPTY_ARRAY),
			   SD_JSON_BUILD_PAIR_BASE64("record", bytes, sizeof(bytes)),
			   SD_JSON_BUILD_PAIR_HEX("mac", mac, sizeof(mac))) < 0 ||
	    sd_json_variant_format(token, 0, &text) < 0)
		return NULL;
	return text;
}

/* The bytes of a field, exactly as many as wanted. */
static int bytes_of(sd_json_variant *token, const char *field,
		    int (*decode)(sd_json_variant *, void **, size_t *), uint8_t *ret,
		    size_t size)
{
	sd_json_variant *v = sd_json_variant_by_key(token, field);
	_cleanup_free_ void *data = NULL;
	size_t n = 0;

	if (!v || !sd_json_variant_is_string(v) || decode(v, &data, &n) < 0 || n != size)
		return -EBADMSG;
	memcpy(ret, data, size);
	return 0;
}

int record_token_parse(const char *json, const uint8_t key[static RECORD_KEY_SIZE],
		       struct pin *ret)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	uint8_t bytes[PIN_SIZE], mac[MAC_SIZE], expected[MAC_SIZE];
	int r = json_token(json, RECORD_TOKEN, &token);

	if (r < 0)
		return r;
	if (bytes_of(token, "record", sd_json_variant_unbase64, bytes, sizeof(bytes)) <
		    0 ||
	    bytes_of(token, "mac", sd_json_variant_unhex, mac, sizeof(mac)) < 0 ||
	    hmac(key, RECORD_KEY_SIZE, bytes, sizeof(bytes), expected) < 0)
		return -EBADMSG;
#ifndef WITHOUT_CHECK_RECORD_MAC
	if (CRYPTO_memcmp(mac, expected, sizeof(mac)) != 0)
		return -EPERM;
#endif
	return pin_decode(bytes, sizeof(bytes), ret);
}
