/* SPDX-License-Identifier: MIT */
/* What the TPM does for an installed disk: decisions and words over what was found,
 * without looking. */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "init/opener.h"
#include "init/pin-tpm.h"

/* Not tried: see protection_lacks_pin. */
#define UNLOCK_LACKS_PIN (-EKEYREJECTED)

struct protection {
	bool usable;   /* the TPM confirmed the start phase, the image has a signature */
	bool answered; /* it has told what it keeps */
	bool same_volume; /* the pin is of this volume; only for one with content */
	bool has_token;	  /* the disk has a slot for a TPM */
	bool has_pin;	  /* such a slot wants a PIN, too, or is known to have */
	bool wants_pin;	  /* the owner has granted that */
	bool wants_tpm;	  /* ... or that it opens the disk at all */
	bool left;	  /* the TPM is out of its start phase already */
	/* The vendor has renewed its PCR key: the pin is under the older one, and these
	 * slots are bound to the image's own and to the older key. -1: none. */
	bool older_pin;
	int own_slot, older_slot;
	int own_token;	  /* of own_slot; -1: none */
	bool other_slots; /* the TPM has one beside that which has opened the volume */
	int secure_boot;  /* now: 1 on, 0 off, negative unknown */
	/* Slot, or libcryptsetup's negative errno; -ECANCELED: not tried, as
	 * UNLOCK_LACKS_PIN. */
	int unlock;
	struct pin_reading reading;
};

/* Takes what the TPM keeps, as far as it has told, for the volume with this digest
 * (volume-digest.h). */
void protection_read(struct protection *p, const struct pin_reading *reading,
		     const uint8_t digest[static VOLUME_DIGEST_SIZE]);

/* Whether the TPM may be asked to open the disk. */
bool protection_trusts(const struct protection *p);

/* A PIN was agreed on, and no slot wants one: what is there came another way. */
bool protection_lacks_pin(const struct protection *p);

/* Why the TPM didn't open the disk: one sentence without a full stop. NULL when it did,
 * or when it was never told to. */
const char *protection_words(const struct protection *p);

/* The pin's word in boot.json. */
const char *protection_pin_word(const struct protection *p);

/* Whether the TPM can be told anything in this start. */
bool protection_can_tell(const struct protection *p);

enum enrolment {
	ENROL_NO,
	ENROL_YES,
	ENROL_ASK_FIRMWARE,  /* after a typed yes: Secure Boot was on */
	ENROL_ASK_OTHER_DISK /* after a typed yes: the pin is that of another disk */
};

/* Whether the TPM is told to open this disk from now on; `opener` has just proven that
 * somebody may say so. */
enum enrolment protection_enrolment(const struct protection *p, enum opener opener);

enum renewal {
	RENEW_NOTHING,
	RENEW_SLOT_AND_PIN,
	RENEW_PIN,	  /* the new slot is there already */
	RENEW_DROP_OTHERS /* the own slot has opened the volume */
};

/* Whether the slot that is made wants a PIN: a weaker one never takes a stronger's place.
 */
bool protection_with_pin(const struct protection *p);

/* Whether a PIN is asked for before a password. */
bool protection_asks_pin(const struct protection *p);

/* Why a PIN that was typed opened nothing, after volume_unlock_by_tpm's answer: one
 * sentence without a full stop. NULL when no other PIN would help. */
const char *protection_pin_refusal(int r);

/* What is left to do for a renewed PCR key, when the TPM has just opened the volume. */
enum renewal protection_renewal(const struct protection *p, enum opener opener);

/* What the owner allows, at the end of (e). */
struct keeping {
	bool known; /* `old` was remembered before, by the TPM where it is trusted */
	bool told;  /* `pin` is in the TPM now */
	bool kept;  /* `pin` is in the header's record now */
	const struct pin *old, *pin;
};

enum rememberer { REMEMBERED_BY_NOBODY, REMEMBERED_BY_TPM, REMEMBERED_BY_HEADER };

/* Who remembers something of the volume, and *ret is what that one knows, which this
 * start's system is weighed against; `old` where nobody does. */
enum rememberer protection_remembers(const struct protection *p, const struct keeping *m,
				     const struct pin **ret);

enum weighing {
	RELEASE_GOOD,
	RELEASE_ASK_YES,     /* a password was typed: whether this one is wanted */
	RELEASE_ASK_PASSWORD /* nobody has proven to be there */
};

/* Whether a system of this release is started on an owner's disk. `pinned` is what the
 * machine remembers of this volume; NULL when nothing good is known: then there is
 * nothing to weigh against, but a security key alone isn't enough. */
enum weighing protection_weigh(const struct pin *pinned, uint64_t release,
			       enum opener opener);
