/* SPDX-License-Identifier: MIT */
/* The tree that becomes the root file system of an image. */
#pragma once

#include "base/error.h"
#include "core/narinfo.h"

struct stage_options {
	const char *system;		    /* store path */
	const char *keys;		    /* signs with its nix-secret-key */
	const char *const *nix_environment; /* for every call of Nix */
};

/* Fills the empty directory `path` with nix/ (store, valid database with signatures, profile
 * link, closure file) and state/. Store files are hard links where `path` is on the store's
 * file system, copies elsewhere. The closure is the caller's. */
int stage_make(const char *path, const struct stage_options *o, struct closure *ret_closure,
	       struct error *err);
