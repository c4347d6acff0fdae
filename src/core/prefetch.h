/* SPDX-License-Identifier: MIT */
/* Asks the kernel for files before they are read, so that a slow disk is never idle while
 * others are hashed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PREFETCH_FILE_MAX (64U << 20)

/* Called after each file with how much of it was asked for; false ends the walk. May
 * wait. */
typedef bool (*prefetch_step)(void *context, uint64_t size);

/* Asks for every regular file below `base` in the store. Follows no symlinks; what can't
 * be opened is left to who reads it. Returns false when `step` ended it. */
bool prefetch_path(int store, const char *base, prefetch_step step, void *context);
