/* SPDX-License-Identifier: MIT */
/* What a slot of a LUKS2 header opens with. */
#include "base/macro.h"
#include "base/str.h"
#include "base/variant.h"
#include "init/opener.h"

static const struct {
	const char *token;
	enum opener opener;
} tokens[] = {
	{"systemd-tpm2", OPENER_TPM},
	{"systemd-recovery", OPENER_RECOVERY},
	{"systemd-fido2", OPENER_FIDO2},
};

/* The type that a token names: libcryptsetup's own word for it depends on its plugins. */
static enum opener opener_of_token(const char *json)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	const char *type;

	if (variant_parse(json, "it", &token, NULL) < 0)
		return OPENER_NONE;
	type = variant_text(token, "type");
	for (size_t i = 0; type && i < ELEMENTSOF(tokens); i++)
		if (streq(type, tokens[i].token))
			return tokens[i].opener;
	return OPENER_NONE;
}

enum opener opener_of_slot(struct crypt_device *device, int slot)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		enum opener found;
		const char *json;

		if (crypt_token_is_assigned(device, i, slot) != 0 ||
		    crypt_token_json_get(device, i, &json) < 0)
			continue;
		found = opener_of_token(json);
		if (found != OPENER_NONE)
			return found;
	}
	return OPENER_PASSWORD;
}

const char *opener_word(enum opener o)
{
	static const char *const words[] = {
		[OPENER_GENERIC] = "generic",	[OPENER_PASSWORD] = "password",
		[OPENER_RECOVERY] = "recovery", [OPENER_TPM] = "tpm",
		[OPENER_FIDO2] = "fido2",
	};

	return words[o];
}
