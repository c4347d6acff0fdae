/* SPDX-License-Identifier: MIT */
/* Tokens in a LUKS2 header that open no slot. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/token.h"

char *token_decode(const char *json, const char *field)
{
	_cleanup_variant_ sd_json_variant *token = NULL;

	return variant_parse(json, "it", &token, NULL) < 0
		       ? NULL
		       : variant_copy(token, field, NULL);
}

char *token_find(struct crypt_device *device, const char *type, const char *field)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *found, *json;

		if (crypt_token_status(device, i, &found) !=
			    CRYPT_TOKEN_EXTERNAL_UNKNOWN ||
		    !streq(found, type))
			continue;
		return crypt_token_json_get(device, i, &json) < 0
			       ? NULL
			       : token_decode(json, field);
	}
	return NULL;
}

int token_add(struct crypt_device *device, sd_json_variant *token)
{
	_cleanup_free_ char *text = NULL;
	int r = sd_json_variant_format(token, 0, &text);

	if (r >= 0)
		r = crypt_token_json_set(device, CRYPT_ANY_TOKEN, text);
	return r < 0 ? r : 0;
}

int token_add_text(struct crypt_device *device, const char *type, const char *field,
		   const char *text)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	int r = sd_json_buildo(&token, SD_JSON_BUILD_PAIR_STRING("type", type),
			       SD_JSON_BUILD_PAIR("keyslots", SD_JSON_BUILD_EMPTY_ARRAY),
			       SD_JSON_BUILD_PAIR_STRING(field, text));

	return r < 0 ? r : token_add(device, token);
}
