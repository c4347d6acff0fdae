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

struct enrol {
	const char *device;	       /* of the encrypted volume */
	const struct secret *password; /* that has just opened it */
	bool wipe;		       /* an older slot for a TPM goes first */
	const struct pin_tpm *tpm;
	const struct pin *pin;
};

/* Each part in a child with a time limit; only before leave-initrd. When it fails the
 * disk opens with its passwords as before. */
int enrol(const struct enrol *e, struct error *err);
