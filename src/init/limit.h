/* SPDX-License-Identifier: MIT */
/* Work that may hang in the kernel (a mute TPM), done in a child with a time limit. */
#pragma once

#include "base/error.h"

/* Runs `work` in a child and returns its result, with its words in `err`. -ETIME with no
 * words when it isn't done after `seconds`: the child is killed, but not waited for,
 * since a process that hangs in the kernel can't be killed. */
int run_limited(int (*work)(void *context, struct error *err), void *context,
		unsigned seconds, struct error *err);
