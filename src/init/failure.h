/* SPDX-License-Identifier: MIT */
/* Why the last start failed, kept for the next one in a variable of the firmware: the
 * only place that a machine can write whose disk isn't open. Whoever is root on the
 * machine, in whatever system, can write it, too: what is read there is words and nothing
 * else. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FAILURE_VARIABLE "AtomosLastFailure-3f6c02d9-8a41-4e0b-9b0e-61746f6d6661"
/* Bytes of text: the firmware's room is small. */
#define FAILURE_MAX 512
/* efivarfs puts attributes before a variable's content. */
#define FAILURE_FILE_MAX (4 + FAILURE_MAX)

/* "STEP: REASON", cut to FAILURE_MAX, with "?" for all that isn't printable ASCII, as
 * efivarfs takes it. Returns its size. */
size_t failure_encode(const char *step, const char *reason,
		      uint8_t ret[static FAILURE_FILE_MAX]);

/* The text of such a file, cut and cleaned as above; freed by the caller. -EBADMSG when
 * it has none. */
int failure_decode(const uint8_t *data, size_t size, char **ret);

/* Makes it the variable's content, below `variables` (efivarfs, writable), in place of
 * what an earlier start left. What is there already isn't written again. */
int failure_keep(const char *variables, const char *step, const char *reason,
		 struct error *err);

/* Reads the variable and removes it; NULL when there is none, or nothing in it. */
char *failure_take(const char *variables);
