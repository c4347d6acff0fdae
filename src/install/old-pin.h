/* SPDX-License-Identifier: MIT */
/* What this machine's TPM remembers of a disk that was installed before: its pin
 * (init/pin.h), which stays when that disk is overwritten and would keep the TPM from
 * being told to open the new one. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "install/disks.h"

enum old_pin {
	OLD_PIN_NONE,  /* no TPM, or it keeps nothing */
	OLD_PIN_DISK,  /* of an AtomOS on this disk */
	OLD_PIN_OTHER, /* of another one, or nobody can tell of which */
};

struct old_pin_facts {
	bool there;
	bool readable; /* else it isn't in the form of a pin */
	bool mute;     /* there is a TPM, and it didn't answer */
	uint8_t volume[VOLUME_DIGEST_SIZE];
};

/* Asks the TPM; without one, or when it doesn't answer, there is nothing. */
void old_pin_look(struct old_pin_facts *ret);

/* Whose it is, as an installation onto this disk sees it: what stays beside a new system
 * (`whole` false) is as good as another disk. */
enum old_pin old_pin_of(const struct old_pin_facts *f, const struct disk *d, bool whole);

/* Has the TPM forget it. Fails with a sentence when the TPM refuses. */
int old_pin_remove(struct error *err);

/* The same on an open TPM, without a time limit. */
int old_pin_look_at(int tpm, struct old_pin_facts *ret, struct error *err);
int old_pin_remove_at(int tpm, struct error *err);
