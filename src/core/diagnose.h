/* SPDX-License-Identifier: MIT */
/* Finds out which file of a store path isn't as signed. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"

/* Called when the hash of `base` in the directory `store` is not the signed one. Reads
 * the path again and compares it with the verified root manifest (may be NULL) and with
 * the path's own `manifest` file, which is believed only as far as words go. Always
 * fails, with -EBADMSG and the file's name and what is wrong with it where that can be
 * said. */
int diagnose_path(int store, const char *base, const struct manifest *manifest,
		  struct error *err);
