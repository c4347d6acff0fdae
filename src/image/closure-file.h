/* SPDX-License-Identifier: MIT */
/* What Nix prints about a closure, as the closure file and as registration of a database. */
#pragma once

#include "core/narinfo.h"

/* Reads the output of `nix path-info --json --recursive` (Nix 2.26: an object by store
 * path). The result is released by closure_done; empty on failure. */
int closure_from_json(const char *text, struct closure *ret, struct error *err);

/* The text that `nix-store --load-db` reads; freed by the caller. Derivers are left out: a
 * medium doesn't have them. */
char *closure_registration(const struct closure *c);
