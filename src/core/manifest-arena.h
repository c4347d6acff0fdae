/* SPDX-License-Identifier: MIT */
/* Between manifest.c and manifest-parse.c: memory of a manifest. */
#pragma once

#include "core/manifest.h"

/* Zeroing is the caller's business; freed by manifest_done. */
void *manifest_alloc(struct manifest *m, size_t size);

/* A new zeroed entry at the end, valid until the next one. */
struct manifest_entry *manifest_append(struct manifest *m);
