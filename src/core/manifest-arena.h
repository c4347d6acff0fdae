/* SPDX-License-Identifier: MIT */
/* Between manifest.c and manifest-parse.c: memory of a manifest. */
#pragma once

#include "core/manifest.h"

/* Zeroing is the caller's business; freed by manifest_done. */
void *manifest_alloc(struct manifest *m, size_t size);

/* Takes over memory from malloc. */
void manifest_own(struct manifest *m, char *text);

/* Makes room for that many entries at once. */
void manifest_reserve(struct manifest *m, size_t count);

/* A new zeroed entry at the end, valid until the next one. */
struct manifest_entry *manifest_append(struct manifest *m);
