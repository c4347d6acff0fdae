/* SPDX-License-Identifier: MIT */
/* How far a long step is, told to a person: a bar on a terminal, plain lines elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macro.h"

/* What code that takes time calls: `done` of `total` (0: unknown) in the step `what`. May
 * be called often; `what` is compared by its text. */
typedef void (*progress_fn)(void *context, uint64_t done, uint64_t total,
			    const char *what);

struct progress;

/* Writes to `out` (standard error): a bar when that is a terminal, else one line at the
 * start of each step and one every ten seconds. quiet: nothing at all. Never NULL. */
struct progress *progress_new(FILE *out, bool quiet);
/* Ends the line of the bar. */
void progress_free(struct progress *p);
DEFINE_FREEP(struct progress, progress_free)
#define _cleanup_progress_ _cleanup_(progress_freep)

/* A progress_fn; `context` is the struct progress. */
void progress_report(void *context, uint64_t done, uint64_t total, const char *what);

/* The same for a step of many small ones: `detail` is shown on a terminal only. */
void progress_step(struct progress *p, uint64_t done, uint64_t total, const char *what,
		   const char *detail);

/* Removes the bar from the line, so that something else can be printed. */
void progress_clear(struct progress *p);
