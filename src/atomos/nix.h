/* SPDX-License-Identifier: MIT */
/* Running Nix with the settings that AtomOS needs. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "core/narinfo.h"

/* The environment for base/process: NIX_CONFIG; NULL-terminated, never freed. */
extern const char *const nix_environment[];

/* Runs a Nix command. Its output (NULL: not wanted) is NUL-terminated and freed by the
 * caller. On failure `err` holds Nix's own "error: …" paragraph, without its trace. */
int nix_run(const char *const *argv, char **ret_output, struct error *err);

/* What Nix's database says about `path` (/nix/store/…) and all it needs. Released by
 * closure_done. */
int nix_closure(const char *path, struct closure *ret, struct error *err);

/* Reads what `nix path-info --json --recursive` prints; the pure part of the above. */
int nix_closure_parse(const char *text, struct closure *ret, struct error *err);

/* Adds a directory to the store under this name; *ret is the path, freed by the caller.
 */
int nix_add(const char *directory, const char *name, char **ret, struct error *err);

/* Signs path and closure with a Nix secret key file. */
int nix_sign(const char *path, const char *key_file, struct error *err);

/* The last "error: " paragraph of Nix's messages, without colours, traces and hints, as
 * one sentence; freed by the caller. */
char *nix_error_words(const char *messages);
