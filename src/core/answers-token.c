/* SPDX-License-Identifier: MIT */
/* The LUKS2 token with answers to the first start's questions. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/answers-token.h"

#include <systemd/sd-json.h>

char *answers_token_decode(const char *json, const char *field)
{
	sd_json_variant *token = NULL, *v;
	char *text = NULL;

	if (sd_json_parse(json, 0, &token, NULL, NULL) < 0)
		return NULL;
	v = sd_json_variant_is_object(token) ? sd_json_variant_by_key(token, field)
					     : NULL;
	if (v && sd_json_variant_is_string(v))
		text = xstrdup(sd_json_variant_string(v));
	sd_json_variant_unref(token);
	return text;
}

char *answers_token_find(struct crypt_device *device, const char *field)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *type, *json;

		if (crypt_token_status(device, i, &type) !=
			    CRYPT_TOKEN_EXTERNAL_UNKNOWN ||
		    !streq(type, ANSWERS_TOKEN))
			continue;
		return crypt_token_json_get(device, i, &json) < 0
			       ? NULL
			       : answers_token_decode(json, field);
	}
	return NULL;
}

void answers_name(const uint8_t digest[static SHA256_SIZE],
		  char ret[static ANSWERS_NAME_SIZE])
{
	strcpy(ret, ANSWERS_NAME_PREFIX);
	hex_encode(digest, SHA256_SIZE, ret + strlen(ANSWERS_NAME_PREFIX));
}
