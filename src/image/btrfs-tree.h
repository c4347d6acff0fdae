/* SPDX-License-Identifier: MIT */
/* The trees of an unmounted btrfs with one device and profile `single`, read and patched
 * in place (format: btrfs.readthedocs.io, "On-disk format"; structures:
 * linux/btrfs_tree.h). */
#pragma once

#include "core/btrfs-super.h"

/* A piece of the address space and where it lies on the device; bytes. */
struct btrfs_piece {
	uint64_t logical, length, physical;
};

struct btrfs_volume {
	int fd;
	uint32_t node_size;
	struct btrfs_super_block super;
	struct btrfs_piece *pieces; /* by physical, once btrfs_open is done */
	size_t count, capacity;
};

/* Called for each item of a tree; may change key and data, and then returns 1. 0:
 * unchanged; negative errno: ends the walk. */
typedef int (*btrfs_visit)(void *context, struct btrfs_item *item, void *data,
			   size_t size);

/* Reads superblock and chunk tree. -EOPNOTSUPP for what we never make (several devices,
 * copies, other checksums), -EUCLEAN for damage. Released by btrfs_close, which leaves
 * the descriptor. */
int btrfs_open(int fd, struct btrfs_volume *ret);
void btrfs_close(struct btrfs_volume *v);
#define _cleanup_btrfs_ _cleanup_(btrfs_close)

/* Visits every item of the tree whose root is at this logical address; changed nodes are
 * written back with a new checksum. */
int btrfs_walk(const struct btrfs_volume *v, uint64_t root, btrfs_visit visit,
	       void *context);

/* Writes the superblock to every copy that lies before `end`. */
int btrfs_write_super(struct btrfs_volume *v, uint64_t end);
