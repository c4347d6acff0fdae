/* SPDX-License-Identifier: MIT */
/* What a failed boot ends in: the reason, and a choice. */
#pragma once

#include "init/boot.h"

enum rescue_choice {
	RESCUE_NONE,
	RESCUE_RETRY,
	RESCUE_RESTART,
	RESCUE_POWER_OFF,
	RESCUE_MESSAGES,
	RESCUE_SHELL,
};

/* How much may be chosen. */
enum rescue_offer {
	/* The TPM would still unseal: nothing but the machine's end is safe. */
	OFFER_END,
	OFFER_RETRY, /* a secret is open: no shell */
	OFFER_SHELL,
};

/* The question that offers it. */
const char *rescue_question(enum rescue_offer offer);

/* What was typed: a number or the first letter; RESCUE_NONE for anything else, and for
 * what isn't offered. */
enum rescue_choice rescue_parse(const char *answer, enum rescue_offer offer);

/* Undoes what the boot had set up, so that it can be tried again: mounts and the opened
 * volume. Negative when the volume is still open. */
int rescue_clean(struct consoles *c);

/* Runs in a process of its own: leaves PCR 11, cleans up, shows outcome->reason, asks.
 * Returns RESCUE_RETRY, RESCUE_RESTART or RESCUE_POWER_OFF. */
enum rescue_choice rescue(struct outcome *outcome, struct consoles *c);
