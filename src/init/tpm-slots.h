/* SPDX-License-Identifier: MIT */
/* The slots of a volume that a TPM opens, as systemd-cryptenroll's tokens tell them. */
#pragma once

#include <libcryptsetup.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "init/luks-shape.h"
#include "init/pcr-signature.h"

struct tpm_slot {
	int token, slot;
	bool pin;  /* a PIN is typed, too */
	char *key; /* of PCR signatures, PEM; NULL: it is bound to none */
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE]; /* of that key */
};

struct tpm_slots {
	struct tpm_slot list[LUKS_TOKENS_MAX]; /* by token: several may name one slot */
	size_t count;
};

/* Parses the text of a token; `token` of the result isn't set. -ENOENT when it is another
 * kind, -EBADMSG when it isn't valid. key is freed by the caller. */
int tpm_slot_parse(const char *json, struct tpm_slot *ret);

/* All that there are; what can't be read is left out. Released by tpm_slots_done. */
void tpm_slots_read(struct crypt_device *device, struct tpm_slots *ret);
void tpm_slots_done(struct tpm_slots *s);
#define _cleanup_tpm_slots_ _cleanup_(tpm_slots_done)

/* The slot that the image's own key opens, or NULL. */
const struct tpm_slot *tpm_slots_own(const struct tpm_slots *s,
				     const uint8_t own[static PCR_FINGERPRINT_SIZE]);

/* Whether there is one of another number. */
bool tpm_slots_others(const struct tpm_slots *s, int slot);

enum tpm_key {
	TPM_KEY_STRANGE, /* or none */
	TPM_KEY_OWN,
	TPM_KEY_OLDER /* that the boot image vouches for */
};

/* Whose key opens the slot of this number. Somebody may have laid tokens beside that name
 * it, too: the best one counts. */
enum tpm_key tpm_slots_whose(const struct tpm_slots *s, int slot,
			     const uint8_t own[static PCR_FINGERPRINT_SIZE],
			     const char *signature);

/* A slot of an older key that the vendor still vouches for, since the boot image has that
 * key's signature, too; or NULL. */
const struct tpm_slot *tpm_slots_older(const struct tpm_slots *s,
				       const uint8_t own[static PCR_FINGERPRINT_SIZE],
				       const char *signature);
