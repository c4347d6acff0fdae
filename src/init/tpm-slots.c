/* SPDX-License-Identifier: MIT */
/* The slots of a volume that a TPM opens. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "init/json.h"
#include "init/tpm-slots.h"

#define TYPE "systemd-tpm2"

static int slot_of(sd_json_variant *token)
{
	sd_json_variant *list = sd_json_variant_by_key(token, "keyslots"), *first;
	uint64_t slot;

	if (!list || !sd_json_variant_is_array(list) ||
	    sd_json_variant_elements(list) != 1)
		return -EBADMSG;
	first = sd_json_variant_by_index(list, 0);
	if (!sd_json_variant_is_string(first) ||
	    parse_u64(sd_json_variant_string(first), &slot) < 0 || slot > INT16_MAX)
		return -EBADMSG;
	return (int)slot;
}

static int read_key(sd_json_variant *token, struct tpm_slot *ret)
{
	sd_json_variant *v = sd_json_variant_by_key(token, "tpm2_pubkey");
	_cleanup_free_ void *pem = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (!v)
		return 0;
	if (!sd_json_variant_is_string(v) ||
	    sd_json_variant_unbase64(v, &pem, &size) < 0 || memchr(pem, 0, size))
		return -EBADMSG;
	text = xstrndup(pem, size);
	if (pcr_key_fingerprint(text, ret->fingerprint) < 0)
		return -EBADMSG;
	ret->key = TAKE_PTR(text);
	return 0;
}

int tpm_slot_parse(const char *json, struct tpm_slot *ret)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	int r = json_token(json, TYPE, &token);

	*ret = (struct tpm_slot){.token = -1};
	if (r < 0)
		return r;
	ret->slot = slot_of(token);
	if (ret->slot < 0 || json_bool(token, "tpm2-pin", &ret->pin, NULL) < 0)
		return -EBADMSG;
	return read_key(token, ret);
}

void tpm_slots_read(struct crypt_device *device, struct tpm_slots *ret)
{
	*ret = (struct tpm_slots){0};
	for (int i = 0; i < MIN(crypt_token_max(CRYPT_LUKS2), LUKS_TOKENS_MAX); i++) {
		struct tpm_slot *s = &ret->list[ret->count];
		const char *json;

		if (crypt_token_json_get(device, i, &json) < 0 ||
		    tpm_slot_parse(json, s) < 0)
			continue;
		s->token = i;
		ret->count++;
	}
}

void tpm_slots_done(struct tpm_slots *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i].key);
	*s = (struct tpm_slots){0};
}

static bool is_own(const struct tpm_slot *s, const uint8_t *own)
{
	return s->key && memcmp(s->fingerprint, own, PCR_FINGERPRINT_SIZE) == 0;
}

const struct tpm_slot *tpm_slots_own(const struct tpm_slots *s,
				     const uint8_t own[static PCR_FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < s->count; i++)
		if (is_own(&s->list[i], own))
			return &s->list[i];
	return NULL;
}

bool tpm_slots_others(const struct tpm_slots *s, int slot)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].slot != slot)
			return true;
	return false;
}

/* Whether it is of an older key that the boot image vouches for. */
static bool is_vouched(const struct tpm_slot *slot, const uint8_t *own,
		       const char *signature)
{
	if (!slot->key || is_own(slot, own))
		return false;
#ifdef WITHOUT_CHECK_OLDER_KEY
	return true;
#endif
	return pcr_signature_by(signature, slot->fingerprint);
}

enum tpm_key tpm_slots_whose(const struct tpm_slots *s, int slot,
			     const uint8_t own[static PCR_FINGERPRINT_SIZE],
			     const char *signature)
{
	enum tpm_key best = TPM_KEY_STRANGE;

	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].slot != slot)
			continue;
		if (is_own(&s->list[i], own))
			return TPM_KEY_OWN;
		if (is_vouched(&s->list[i], own, signature))
			best = TPM_KEY_OLDER;
	}
	return best;
}

const struct tpm_slot *tpm_slots_older(const struct tpm_slots *s,
				       const uint8_t own[static PCR_FINGERPRINT_SIZE],
				       const char *signature)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_vouched(&s->list[i], own, signature))
			return &s->list[i];
	return NULL;
}
