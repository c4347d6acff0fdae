/* SPDX-License-Identifier: MIT */
/* Commands to the TPM and back, without a library. It may never answer: see limit.h. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "init/tpm-command.h"

#define TPM_DEVICE "/dev/tpmrm0"

/* Sends a command to an open TPM. Returns the size of the answer; what goes wrong is told
 * as a part of a sentence. */
int tpm_transmit(int tpm, const uint8_t *command, size_t size,
		 uint8_t answer[static TPM_COMMAND_MAX], struct error *err);

/* Puts into words, of the same kind, what a tpm_decode_… function returned, and returns
 * that. */
int tpm_refused(struct error *err, int r, uint32_t code);
