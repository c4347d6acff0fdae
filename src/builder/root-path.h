/* SPDX-License-Identifier: MIT */
/* A root path in the store: its manifest, and files looked up through it. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"

struct root_path {
	int store_fd; /* what payloads are relative to */
	struct manifest manifest;
	char **layers; /* store paths, the base first, this one last */
};

/* Opens the store and reads PATH/manifest and PATH/layers. Released by root_path_done. */
int root_path_open(const char *path, struct root_path *ret, struct error *err);
void root_path_done(struct root_path *r);
#define _cleanup_root_path_ _cleanup_(root_path_done)

/* The store directory: $NIX_STORE or /nix/store. */
int store_open(int *ret_fd, struct error *err);

/* The entry that a path leads to when symlinks (of directories too) are followed inside
 * of the root; a hard link leads to its file. NULL when there is none. */
const struct manifest_entry *root_path_resolve(const struct manifest *m,
					       const char *path);

/* The bytes of a file of the root, freed by the caller. */
int root_path_read(const struct root_path *r, const char *path, char **ret,
		   size_t *ret_size, struct error *err);

/* The release of the newest kernel in the root: the folder of its modules; freed by the
 * caller. */
int root_path_kernel(const struct manifest *m, char **ret, struct error *err);
