/* SPDX-License-Identifier: MIT */
/* Makes the files, directories and links of a manifest in an empty tree. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"
#include "builder/origin.h"

struct placing {
	int root_fd;  /* the tree */
	int store_fd; /* /nix/store: payloads are relative to it */
	unsigned threads;
};

/* Places every entry of a sorted manifest with its owner, mode, time and attributes.
 * Symlinks in the tree are followed as they would be inside of it, never out of it. The
 * caller keeps the manifest as long as *ret_origins (released by origins_done). `err`
 * names the path. */
int place_manifest(const struct placing *p, const struct manifest *m,
		   struct origins *ret_origins, struct error *err);
