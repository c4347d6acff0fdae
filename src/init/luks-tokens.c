/* SPDX-License-Identifier: MIT */
/* The tokens that may be in a LUKS2 header of ours: each kind with its fields, and no
 * others. What they say is weighed elsewhere; here nothing unknown gets through to the
 * token plugins. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/variant.h"
#include "init/luks-shape.h"
#include "init/luks-tokens.h"

#define TEXT_LENGTH_MAX (64U << 10)
#define PCRS 24
#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define FIELDS_MAX 13

enum kind {
	KIND_TEXT, /* harmless letters */
	KIND_BASE64,
	KIND_KEY, /* a public key in PEM, in base64 */
	KIND_HEX,
	KIND_BOOL,
	KIND_PCRS,    /* an array of their numbers */
	KIND_SLOT,    /* an array with one slot */
	KIND_NO_SLOT, /* an empty array */
};

struct field {
	const char *key;
	enum kind kind;
	bool optional;
};

struct token {
	const char *type;
	struct field fields[FIELDS_MAX];
};

static const struct token known[] = {
	{"systemd-tpm2",
	 {{"keyslots", KIND_SLOT},
	  {"tpm2-blob", KIND_BASE64},
	  {"tpm2-pcrs", KIND_PCRS},
	  {"tpm2-policy-hash", KIND_HEX},
	  {"tpm2-pcr-bank", KIND_TEXT, true},
	  {"tpm2-primary-alg", KIND_TEXT, true},
	  {"tpm2-pin", KIND_BOOL, true},
	  {"tpm2_pubkey_pcrs", KIND_PCRS, true},
	  {"tpm2_pubkey", KIND_KEY, true},
	  {"tpm2_salt", KIND_BASE64, true},
	  {"tpm2_srk", KIND_BASE64, true}}},
	{"systemd-recovery", {{"keyslots", KIND_SLOT}}},
	{"systemd-fido2",
	 {{"keyslots", KIND_SLOT},
	  {"fido2-credential", KIND_BASE64},
	  {"fido2-salt", KIND_BASE64},
	  {"fido2-rp", KIND_TEXT},
	  {"fido2-clientPin-required", KIND_BOOL, true},
	  {"fido2-up-required", KIND_BOOL, true},
	  {"fido2-uv-required", KIND_BOOL, true}}},
	{"atomos-keymap", {{"keyslots", KIND_NO_SLOT}, {"keymap", KIND_TEXT}}},
	{"atomos-answers",
	 {{"keyslots", KIND_NO_SLOT},
	  {"open", KIND_BASE64},
	  {"sealed", KIND_BASE64, true}}},
	{"atomos-record",
	 {{"keyslots", KIND_NO_SLOT}, {"record", KIND_BASE64}, {"mac", KIND_HEX}}},
	{"atomos-request", {{"keyslots", KIND_NO_SLOT}, {"want", KIND_TEXT}}},
	{"atomos-password", {{"keyslots", KIND_SLOT}, {"user", KIND_TEXT}}},
};

static bool text_ok(sd_json_variant *v, int (*letter)(int))
{
	const char *text = sd_json_variant_is_string(v) ? sd_json_variant_string(v) : "";
	size_t n = strlen(text);

	for (const char *c = text; *c; c++)
		if (!letter((unsigned char)*c))
			return false;
	return n > 0 && n <= TEXT_LENGTH_MAX;
}

static int is_base64(int c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '=';
}

/* The token's plugin reads it, too, and would ask for the pass phrase of an encrypted
 * one: only what has no header lines ("Proc-Type: 4,ENCRYPTED"). */
static bool key_ok(sd_json_variant *v)
{
	_cleanup_free_ void *pem = NULL;
	size_t size;

	return text_ok(v, is_base64) && sd_json_variant_unbase64(v, &pem, &size) >= 0 &&
	       size > strlen(PEM_BEGIN) &&
	       memcmp(pem, PEM_BEGIN, strlen(PEM_BEGIN)) == 0 && !memchr(pem, ':', size);
}

static bool pcrs_ok(sd_json_variant *v)
{
	if (!sd_json_variant_is_array(v) || sd_json_variant_elements(v) > PCRS)
		return false;
	for (size_t i = 0; i < sd_json_variant_elements(v); i++) {
		sd_json_variant *n = sd_json_variant_by_index(v, i);

		if (!sd_json_variant_is_unsigned(n) ||
		    sd_json_variant_unsigned(n) >= PCRS)
			return false;
	}
	return true;
}

/* libcryptsetup has checked already that the slot exists. */
static bool slot_ok(sd_json_variant *v)
{
	return sd_json_variant_is_array(v) && sd_json_variant_elements(v) == 1 &&
	       text_ok(sd_json_variant_by_index(v, 0), isdigit);
}

static bool value_ok(sd_json_variant *v, enum kind kind)
{
	switch (kind) {
	case KIND_TEXT:
		return text_ok(v, isgraph);
	case KIND_BASE64:
		return text_ok(v, is_base64);
	case KIND_KEY:
		return key_ok(v);
	case KIND_HEX:
		return text_ok(v, isxdigit);
	case KIND_BOOL:
		return sd_json_variant_is_boolean(v);
	case KIND_PCRS:
		return pcrs_ok(v);
	case KIND_SLOT:
		return slot_ok(v);
	case KIND_NO_SLOT:
		return sd_json_variant_is_array(v) && sd_json_variant_elements(v) == 0;
	}
	return false;
}

static bool fields_ok(sd_json_variant *token, const struct token *k)
{
	size_t n = 1; /* the type */

	for (const struct field *f = k->fields; f < k->fields + FIELDS_MAX && f->key;
	     f++) {
		sd_json_variant *v = sd_json_variant_by_key(token, f->key);

		if (!v && f->optional)
			continue;
		if (!v || !value_ok(v, f->kind))
			return false;
		n++;
	}
	return sd_json_variant_elements(token) == 2 * n;
}

static const char *token_odd(sd_json_variant *token)
{
	const char *type = variant_text(token, "type");

	if (!type)
		return "a token without a kind";
	for (size_t i = 0; i < ELEMENTSOF(known); i++)
		if (streq(type, known[i].type))
			return fields_ok(token, &known[i]) ? NULL
							   : "odd fields of a token";
	return "a token of an unknown kind";
}

const char *luks_tokens_odd(sd_json_variant *tokens)
{
	if (!tokens || !sd_json_variant_is_object(tokens) ||
	    sd_json_variant_elements(tokens) > 2UL * LUKS_TOKENS_MAX)
		return "tokens";
	for (size_t i = 1; i < sd_json_variant_elements(tokens); i += 2) {
		const char *odd = token_odd(sd_json_variant_by_index(tokens, i));

		if (odd)
			return odd;
	}
	return NULL;
}
