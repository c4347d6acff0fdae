/* SPDX-License-Identifier: MIT */
/* btrfs's superblock and its copies. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/btrfs-super.h"

#define CRC32C_POLYNOMIAL 0x82f63b78U

const uint64_t btrfs_super_offsets[BTRFS_SUPER_COPIES] = {64ULL << 10, 64ULL << 20,
							  256ULL << 30};

static uint32_t crc32c(const uint8_t *data, size_t size)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
	}
	return ~crc;
}

static uint32_t checksum(const void *block, size_t size)
{
	return crc32c((const uint8_t *)block + BTRFS_CSUM_SIZE, size - BTRFS_CSUM_SIZE);
}

bool btrfs_checksum_good(const void *block, size_t size)
{
	uint32_t stored;

	memcpy(&stored, block, sizeof(stored));
	return le32toh(stored) == checksum(block, size);
}

int btrfs_write_block(int fd, uint64_t offset, void *block, size_t size)
{
	uint32_t sum = htole32(checksum(block, size));

	memcpy(block, &sum, sizeof(sum));
	return pwrite(fd, block, size, (off_t)offset) == (ssize_t)size ? 0 : -EIO;
}

static int read_copy(int fd, int copy, struct btrfs_super_block *ret)
{
	uint64_t offset = btrfs_super_offsets[copy];

	if (pread(fd, ret, sizeof(*ret), (off_t)offset) != sizeof(*ret))
		return -EIO;
	return le64toh(ret->magic) == BTRFS_MAGIC && le64toh(ret->bytenr) == offset &&
			       btrfs_checksum_good(ret, sizeof(*ret))
		       ? 0
		       : -EUCLEAN;
}

int btrfs_super_read(int fd, struct btrfs_super_block *ret)
{
	return read_copy(fd, 0, ret);
}

int btrfs_super_mend(int fd)
{
	struct btrfs_super_block super;
	int r = read_copy(fd, 0, &super);

	if (r != -EUCLEAN)
		return r;
	/* The third one is beyond most disks, and no newer. */
	if (read_copy(fd, 1, &super) < 0)
		return 0;
	super.bytenr = htole64(btrfs_super_offsets[0]);
	r = btrfs_write_block(fd, btrfs_super_offsets[0], &super, sizeof(super));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? r : 1;
}
