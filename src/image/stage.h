/* SPDX-License-Identifier: MIT */
/* The tree that becomes the root file system of an image. */
#pragma once

#include "base/error.h"
#include "core/narinfo.h"

struct stage_options {
	const char *system;		    /* store path */
	const struct closure *closure;	    /* all that it needs, signed */
	const char *boot_image;		    /* store path */
	const struct closure *boot_closure; /* the same */
	const char *const *nix_environment; /* for every call of Nix */
};

/* Fills the empty directory `path` with nix/ (store, valid database with signatures,
 * profile links, closure files) and state/. Store files are hard links where `path` is on
 * the store's file system, copies elsewhere. */
int stage_make(const char *path, const struct stage_options *o, struct error *err);

/* The same but for the store's files, which are in `path` already: a database of nothing
 * but these paths, links and closure files. */
int stage_describe(const char *path, const struct stage_options *o, struct error *err);

/* The text that `nix-store --load-db` reads; freed by the caller. Derivers are left out:
 * a medium doesn't have them. */
char *stage_registration(const struct closure *c);
