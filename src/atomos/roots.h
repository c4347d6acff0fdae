/* SPDX-License-Identifier: MIT */
/* What a configuration was built into, kept from Nix's garbage collection. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* The directory of a configuration's links below Nix's gcroots; `what` names the
 * configuration (an absolute path, a flake with its name). Freed by the caller. */
char *roots_directory(const char *what);

/* True when link `name` leads to `path`, which is there. */
bool roots_have(const char *directory, const char *name, const char *path);

/* Makes link `name` lead to `path`, replacing an older one at once. */
int roots_set(const char *directory, const char *name, const char *path,
	      struct error *err);

/* Notes a word about `path` that is asked for again (not a root, only beside them). */
int roots_note(const char *directory, const char *name, const char *text,
	       struct error *err);
bool roots_noted(const char *directory, const char *name, const char *text);
