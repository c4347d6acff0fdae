/* SPDX-License-Identifier: MIT */
/* Tells the TPM to open a disk: a slot by systemd-cryptenroll, then the pin. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"
#include "init/pin-tpm.h"

/* What systemd-stub has put beside us, and firmware.c has left there. */
#define PCR_SIGNATURE_FILE "/.extra/tpm2-pcr-signature.json"
#define PCR_KEY_FILE "/.extra/tpm2-pcr-public-key.pem"

struct enrol_wipe {
	enum { WIPE_NOTHING, WIPE_ALL, WIPE_ONE } what; /* of the TPM's slots */
	int slot;					/* of WIPE_ONE */
};

struct enrol {
	const char *device; /* of the encrypted volume */
	/* That has just opened it; NULL: the TPM has, and opens it once more. */
	const struct secret *password;
	const struct secret
		*tpm_pin;	     /* typed beside the new slot, and the old; or NULL */
	struct enrol_wipe wipe;	     /* what goes first */
	bool slot;		     /* makes a slot; else the pin alone is written */
	const char *key, *signature; /* files: PCR_KEY_FILE, PCR_SIGNATURE_FILE */
	const struct pin_tpm *tpm;
	const struct pin *pin;
};

/* Each part in a child with a time limit, as below; only before leave-initrd. When it
 * fails the disk opens with its passwords as before. -ENOSPC: it has no room for a slot.
 */
int enrol(const struct enrol *e, struct error *err);

/* Removes slots for a TPM, after another one has opened the volume. -EBUSY when one is
 * somebody else's, too. */
int enrol_drop(const char *device, struct enrol_wipe wipe, struct error *err);
