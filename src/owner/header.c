/* SPDX-License-Identifier: MIT */
/* Reads the header: slots and the tokens that say whose they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/token.h"
#include "init/record.h"
#include "owner/header-internal.h"

int header_fail(struct header *h, struct error *err, int code, const char *what)
{
	const char *said = h->said.message[0] ? h->said.message : strerror(-code);

	return fail(err, code, "%s: %s", what, said);
}

void header_free(struct header *h)
{
	if (!h)
		return;
	crypt_free(h->device);
	free(h);
}

int header_open(const char *path, struct header **ret, struct error *err)
{
	_cleanup_header_ struct header *h = xcalloc(1, sizeof(*h));
	int r;

	/* What it says of a path has no device yet. */
	crypt_set_log_callback(NULL, crypt_keep_message, &h->said);
	r = crypt_init(&h->device, path);
	crypt_set_log_callback(NULL, NULL, NULL);
	if (r < 0) {
		_cleanup_free_ char *what = xasprintf("The disk %s can't be used", path);

		return header_fail(h, err, r, what);
	}
	crypt_set_log_callback(h->device, crypt_keep_message, &h->said);
	r = crypt_load(h->device, CRYPT_LUKS2, NULL);
	if (r < 0)
		return fail(err, -EMEDIUMTYPE,
			    "The disk %s has no encryption header of AtomOS", path);
	*ret = TAKE_PTR(h);
	return 0;
}

int header_tokens(struct header *h,
		  int (*found)(struct header *h, int token, const char *type,
			       const char *json, void *context),
		  void *context)
{
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *type, *json;
		crypt_token_info info = crypt_token_status(h->device, i, &type);
		int r;

		if (info == CRYPT_TOKEN_INVALID || info == CRYPT_TOKEN_INACTIVE)
			continue;
		if (crypt_token_json_get(h->device, i, &json) < 0)
			continue;
		r = found(h, i, type, json, context);
		if (r != 0)
			return r;
	}
	return 0;
}

static enum slot_kind kind_of(const char *type)
{
	static const struct {
		const char *type;
		enum slot_kind kind;
	} kinds[] = {
		{"atomos-password", SLOT_PASSWORD},
		{"systemd-recovery", SLOT_RECOVERY},
		{"systemd-tpm2", SLOT_TPM},
		{"systemd-fido2", SLOT_FIDO2},
	};

	for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
		if (streq(type, kinds[i].type))
			return kinds[i].kind;
	return SLOT_OTHER;
}

/* Gives the slots of one token their kind. */
static int mark(struct header *h, int token, const char *type, const char *json,
		void *context)
{
	struct slots *slots = context;
	enum slot_kind kind = kind_of(type);
	_cleanup_variant_ sd_json_variant *v = NULL;
	const char *user;

	if (kind == SLOT_OTHER || sd_json_parse(json, 0, &v, NULL, NULL) < 0)
		return 0;
	user = variant_text(v, "user");
	for (size_t i = 0; i < slots->count; i++) {
		struct slot *s = &slots->list[i];

		if (crypt_token_is_assigned(h->device, token, s->number) < 0)
			continue;
		s->kind = kind;
		s->pin = variant_true(v, "tpm2-pin");
		if (user)
			snprintf(s->user, sizeof(s->user), "%s", user);
	}
	return 0;
}

/* The library has no call for it, but for all of the header's text. */
static int read_salts(struct header *h, struct slots *slots, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	const char *text;
	int r = crypt_dump_json(h->device, &text, 0);

	if (r == 0)
		r = sd_json_parse(text, 0, &v, NULL, NULL);
	if (r < 0)
		return header_fail(h, err, r, "The disk's slots can't be read");
	for (size_t i = 0; i < slots->count; i++) {
		struct slot *s = &slots->list[i];
		_cleanup_free_ char *number = xasprintf("%d", s->number);
		sd_json_variant *slot = variant_get(variant_get(v, "keyslots"), number);

		snprintf(s->salt, sizeof(s->salt), "%s",
			 variant_text_or(variant_get(slot, "kdf"), "salt", ""));
	}
	return 0;
}

int header_slots(struct header *h, struct slots *ret, struct error *err)
{
	int r;

	*ret = (struct slots){0};
	for (int i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		crypt_keyslot_info info = crypt_keyslot_status(h->device, i);

		if (info != CRYPT_SLOT_ACTIVE && info != CRYPT_SLOT_ACTIVE_LAST)
			continue;
		if (ret->count == LUKS_SLOTS_MAX)
			return fail(err, -E2BIG,
				    "The disk has more slots than AtomOS makes");
		ret->list[ret->count++].number = i;
	}
	r = read_salts(h, ret, err);
	return r < 0 ? r : header_tokens(h, mark, ret);
}

int header_slot(struct header *h, int number, struct slot *ret, struct error *err)
{
	struct slots slots;
	int r = header_slots(h, &slots, err);

	for (size_t i = 0; r == 0 && i < slots.count; i++)
		if (slots.list[i].number == number) {
			*ret = slots.list[i];
			return 0;
		}
	return r < 0 ? r : fail(err, -ENOENT, "The disk has no slot %d", number);
}

bool header_has_record(struct header *h)
{
	_cleanup_free_ char *mac = token_find(h->device, RECORD_TOKEN, "mac");

	return mac != NULL;
}

int header_try(struct header *h, const struct secret *secret)
{
	int r = crypt_activate_by_passphrase(h->device, NULL, CRYPT_ANY_SLOT,
					     secret->data, secret->size, 0);

	return r >= 0 ? r : -EKEYREJECTED;
}

char *slot_words(const struct slot *s)
{
	switch (s->kind) {
	case SLOT_PASSWORD:
		return xasprintf("the password of %s", s->user);
	case SLOT_RECOVERY:
		return xstrdup("the recovery key");
	case SLOT_TPM:
		return xstrdup(s->pin ? "the TPM of this machine together with a PIN"
				      : "the TPM of this machine");
	case SLOT_FIDO2:
		return xstrdup("a FIDO2 security key");
	default:
		return xstrdup("a password that AtomOS doesn't know of");
	}
}
