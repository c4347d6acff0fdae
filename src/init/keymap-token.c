/* SPDX-License-Identifier: MIT */
/* The LUKS2 token that names a keymap. */
#include <string.h>

#include "init/json.h"
#include "init/keymap-token.h"

#define KEYMAP_TOKEN "atomos-keymap"

char *keymap_token_decode(const char *json)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	char *name = NULL;

	if (json_parse(json, &token, NULL) == 0)
		(void)json_string(token, "keymap", &name, NULL);
	return name;
}

char *keymap_token_find(struct crypt_device *device)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *type, *json;

		if (crypt_token_status(device, i, &type) !=
			    CRYPT_TOKEN_EXTERNAL_UNKNOWN ||
		    strcmp(type, KEYMAP_TOKEN) != 0)
			continue;
		return crypt_token_json_get(device, i, &json) < 0
			       ? NULL
			       : keymap_token_decode(json);
	}
	return NULL;
}
