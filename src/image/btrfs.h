/* SPDX-License-Identifier: MIT */
/* The file system of an image, made in a plain file. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct btrfs_options {
	const char *tree; /* becomes the root; its `nix` and `state` become subvolumes */
	const char *uuid; /* of the file system */
	const char *compress;  /* as mkfs.btrfs --compress wants it: "zstd:3" */
	uint64_t content_size; /* upper bound of what is in the tree, in bytes */
};

/* Makes the file system in `path` and takes away the space it doesn't need. Without root
 * or btrfs in this kernel it stays some 40 % larger; a warning says so. */
int btrfs_make(const char *path, const struct btrfs_options *o, struct error *err);

/* Moves the block groups of an unmounted single-device file system together and cuts it,
 * and the file it is in, behind the last one. Knows profile `single` only (-EOPNOTSUPP).
 * Returns the new size in *ret_size. A failure may leave it damaged. */
int btrfs_shrink(const char *path, uint64_t *ret_size, struct error *err);
