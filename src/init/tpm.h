/* SPDX-License-Identifier: MIT */
/* The TPM during the boot: PCR 11 tells it when the unlocking begins and ends. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define TPM_PCR_BOOT 11
#define TPM_WORD_ENTER "enter-initrd"
#define TPM_WORD_LEAVE "leave-initrd"

/* How far the TPM was brought; kept where a crash of the worker doesn't lose it. The
 * "…ing" values mean that a command was sent whose outcome isn't known. */
enum tpm_state {
	TPM_UNTOUCHED,
	TPM_ENTERING,
	TPM_ENTERED,
	TPM_LEAVING,
	TPM_LEFT, /* won't unseal for us again */
	TPM_ABSENT,
	TPM_UNBOUND, /* didn't confirm, taken away from its driver */
	TPM_STUCK,   /* didn't confirm and could not be taken away: nothing may go on */
};

/* Says something about the TPM to the user. */
typedef void (*tpm_say)(void *context, const char *sentence);

/* How a TPM is taken out of use. */
struct tpm_removal {
	int (*unbind)(void *context, struct error *err); /* in a child, NULL as context */
	bool (*gone)(void);				 /* nobody can open it any more */
	unsigned seconds;
};

struct tpm {
	enum tpm_state *state;
	tpm_say say;
	/* Loads the modules that will be needed, before a mute TPM is taken away: the
	 * kernel measures each, and while it says good-bye to the TPM that waits for two
	 * minutes. May be NULL. */
	void (*settle)(void *context);
	void *context;
	const struct tpm_removal *removal; /* NULL: the driver is told to let go */
};

/* Extends PCR 11 with "enter-initrd", once in a boot. A TPM that isn't there or doesn't
 * confirm is said and not used; -EIO only when one can't be taken out of use. */
int tpm_enter(const struct tpm *t, struct error *err);

/* Extends PCR 11 with "leave-initrd" where the TPM is still in use; after a crash in
 * between, takes the TPM out of use. Called before anything is mounted, and after every
 * failure; does nothing the second time. Errors as tpm_enter. */
int tpm_leave(const struct tpm *t, struct error *err);
