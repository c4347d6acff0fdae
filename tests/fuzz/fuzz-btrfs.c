/* SPDX-License-Identifier: MIT */
/* Fuzz target: btrfs as the image's builder reads and patches it. An input is a
 * superblock and the nodes behind it, which get the right checksums. */
#include <endian.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "fuzz.h"
#include "image/btrfs-tree.h"

#define SUPER (64U << 10)
#define NODES (128U << 10)
#define NODE_SIZE 4096U
#define NODES_MAX 16
#define POLYNOMIAL 0x82f63b78U

static void put_checksum(uint8_t *block, size_t size)
{
	uint32_t crc = ~0U;

	for (size_t i = BTRFS_CSUM_SIZE; i < size; i++) {
		crc ^= block[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	}
	crc = ~crc;
	memcpy(block, &crc, sizeof(crc));
}

/* Shortens every other item and says so, as the shrinking does with extents. */
static int visit(void *context, struct btrfs_item *item, void *data, size_t size)
{
	size_t *visited = context;

	if (size > 0)
		((uint8_t *)data)[size - 1] ^= 1;
	return (*visited)++ % 2;
}

static void walk(int fd)
{
	_cleanup_btrfs_ struct btrfs_volume v = {0};
	size_t visited = 0;

	if (btrfs_open(fd, &v) < 0)
		return;
	must(v.count > 0 && v.node_size <= 65536);
	for (size_t i = 1; i < v.count; i++)
		must(v.pieces[i - 1].physical <= v.pieces[i].physical);
	if (btrfs_walk(&v, le64toh(v.super.root), visit, &visited) == 0)
		must(btrfs_walk(&v, le64toh(v.super.root), visit, &visited) == 0);
	must(btrfs_write_super(&v, NODES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("btrfs", MFD_CLOEXEC);
	_cleanup_free_ uint8_t *blocks = xcalloc(NODES_MAX + 1, NODE_SIZE);

	/* A block more would only repeat what a few show, and each costs a checksum. */
	size = size > (NODES_MAX + 1) * NODE_SIZE ? (NODES_MAX + 1) * NODE_SIZE : size;
	memcpy(blocks, data, size);
	for (size_t at = 0; at < size; at += NODE_SIZE)
		put_checksum(blocks + at, NODE_SIZE);
	must(fd >= 0 && pwrite(fd, blocks, NODE_SIZE, SUPER) == NODE_SIZE &&
	     pwrite(fd, blocks + NODE_SIZE, NODES_MAX * NODE_SIZE, NODES) ==
		     NODES_MAX * NODE_SIZE);
	walk(fd);
	return 0;
}
