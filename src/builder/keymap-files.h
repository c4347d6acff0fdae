/* SPDX-License-Identifier: MIT */
/* Keymaps for the password prompt: kbd's files, uncompressed, with what they include. */
#pragma once

#include "base/error.h"
#include "builder/cpio.h"
#include "builder/root-path.h"

/* Adds the keymap `name` (NAME.kmap.gz anywhere in /usr/share/keymaps of the root) and
 * the files it includes, as loadkeys(1) finds them. */
int keymap_add(const struct root_path *root, const char *name, struct cpio *out,
	       struct error *err);
