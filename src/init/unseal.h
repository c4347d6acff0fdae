/* SPDX-License-Identifier: MIT */
/* Answers that an installation has sealed to this machine: only a boot image of this
 * vendor opens them, in its start phase. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "init/volume-digest.h"

struct unseal {
	const char *sealed; /* as systemd-creds(1) writes it, in one line */
	const uint8_t *digest;
	const char *device;    /* TPM, as systemd-creds takes it; NULL: the machine's */
	const char *signature; /* file with the signature of PCR 11 */
	const char *target;    /* a file in memory; mode 0600 */
};

/* In a child with a time limit; on failure there is no target. */
int unseal(const struct unseal *u, struct error *err);
