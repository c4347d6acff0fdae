/* SPDX-License-Identifier: MIT */
/* btrfs's superblock and its copies (format: btrfs.readthedocs.io, "On-disk format";
 * structures: linux/btrfs_tree.h). */
#pragma once

#include <linux/btrfs_tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BTRFS_SUPER_COPIES 3

/* Where they lie, in bytes. */
extern const uint64_t btrfs_super_offsets[BTRFS_SUPER_COPIES];

/* Whether a block that begins with its own CRC-32C has the right one. */
bool btrfs_checksum_good(const void *block, size_t size);

/* Writes a block of a volume with its checksum, which it gets here. -EIO. */
int btrfs_write_block(int fd, uint64_t offset, void *block, size_t size);

/* Reads the first superblock. -EIO; -EUCLEAN when it isn't one, or isn't whole. */
int btrfs_super_read(int fd, struct btrfs_super_block *ret);

/* The kernel mounts by the first superblock alone. Where that one isn't whole, as a power
 * cut while it was written may leave it, the second takes its place: the state of the
 * transaction before, or the same. 1: done, and on the disk; 0: nothing to do, or no
 * whole copy; -errno. `fd` is open for reading and writing, and nobody has it mounted. */
int btrfs_super_mend(int fd);
