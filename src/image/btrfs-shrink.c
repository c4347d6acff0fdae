/* SPDX-License-Identifier: MIT */
/* Cuts an unmounted btrfs behind its last block group: the kernel refuses to go below
 * 256 MiB, and a small medium is half of that (format: btrfs.readthedocs.io, "On-disk
 * format"; structures: linux/btrfs_tree.h). */
#include <endian.h>
#include <errno.h>
#include <linux/btrfs_tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "image/btrfs.h"

#define CRC32C_POLYNOMIAL 0x82f63b78U
#define NODE_SIZE_MAX 65536
/* Copies of the superblock; the third, at 256 GiB, is beyond any image of ours. */
static const uint64_t super_offsets[] = {64ULL << 10, 64ULL << 20, 256ULL << 30};

struct volume {
	int fd;
	uint32_t node_size;
	struct btrfs_super_block super;
	uint64_t end;	    /* of the last block group */
	uint64_t item_leaf; /* where the device item is: physical start of its leaf, */
	uint32_t item_at;   /* and its offset in there */
};

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

static bool checksum_good(const void *block, size_t size)
{
	uint32_t stored;

	memcpy(&stored, block, sizeof(stored));
	return le32toh(stored) == checksum(block, size);
}

static int write_block(int fd, uint64_t offset, void *block, size_t size)
{
	uint32_t sum = htole32(checksum(block, size));

	memcpy(block, &sum, sizeof(sum));
	return pwrite(fd, block, size, (off_t)offset) == (ssize_t)size ? 0 : -EIO;
}

/* Notes where a chunk ends on the device. */
static int note_chunk(struct volume *v, const struct btrfs_chunk *c)
{
	if (le16toh(c->num_stripes) != 1)
		return -EOPNOTSUPP;
	v->end = MAX(v->end, le64toh(c->stripe.offset) + le64toh(c->length));
	return 0;
}

/* Translates an address of the chunk tree, which only system chunks hold. */
static int map_system(const struct btrfs_super_block *s, uint64_t logical, uint64_t *ret)
{
	uint32_t size = le32toh(s->sys_chunk_array_size), at = 0;
	const size_t entry = sizeof(struct btrfs_disk_key) + sizeof(struct btrfs_chunk);

	while (size <= sizeof(s->sys_chunk_array) && at + entry <= size) {
		struct btrfs_disk_key key;
		struct btrfs_chunk c;

		memcpy(&key, s->sys_chunk_array + at, sizeof(key));
		memcpy(&c, s->sys_chunk_array + at + sizeof(key), sizeof(c));
		if (le16toh(c.num_stripes) != 1)
			return -EOPNOTSUPP;
		if (logical >= le64toh(key.offset) &&
		    logical - le64toh(key.offset) < le64toh(c.length)) {
			*ret = logical - le64toh(key.offset) + le64toh(c.stripe.offset);
			return 0;
		}
		at += (uint32_t)entry;
	}
	return -EUCLEAN;
}

static int visit_item(struct volume *v, uint64_t physical, const uint8_t *node,
		      const struct btrfs_item *item)
{
	uint64_t at = sizeof(struct btrfs_header) + (uint64_t)le32toh(item->offset);
	uint32_t size = le32toh(item->size);

	if (at + size > v->node_size)
		return -EUCLEAN;
	if (item->key.type == BTRFS_DEV_ITEM_KEY &&
	    size >= sizeof(struct btrfs_dev_item)) {
		if (v->item_leaf)
			return -EOPNOTSUPP;
		v->item_leaf = physical;
		v->item_at = (uint32_t)at;
	}
	if (item->key.type == BTRFS_CHUNK_ITEM_KEY) {
		struct btrfs_chunk c;

		if (size < sizeof(c))
			return -EUCLEAN;
		memcpy(&c, node + at, sizeof(c));
		return note_chunk(v, &c);
	}
	return 0;
}

static int visit_node(struct volume *v, uint64_t logical, unsigned depth)
{
	_cleanup_free_ uint8_t *node = xmalloc(v->node_size);
	struct btrfs_header h;
	uint64_t physical;
	size_t width;
	int r = map_system(&v->super, logical, &physical);

	if (r < 0)
		return r;
	if (pread(v->fd, node, v->node_size, (off_t)physical) != (ssize_t)v->node_size)
		return -EIO;
	memcpy(&h, node, sizeof(h));
	width = h.level ? sizeof(struct btrfs_key_ptr) : sizeof(struct btrfs_item);
	if (!checksum_good(node, v->node_size) || le64toh(h.bytenr) != logical ||
	    depth > BTRFS_MAX_LEVEL ||
	    sizeof(h) + le32toh(h.nritems) * width > v->node_size)
		return -EUCLEAN;
	for (uint32_t i = 0; r == 0 && i < le32toh(h.nritems); i++) {
		const uint8_t *entry = node + sizeof(h) + i * width;

		if (h.level == 0)
			r = visit_item(v, physical, node,
				       (const struct btrfs_item *)entry);
		else
			r = visit_node(
				v,
				le64toh(((const struct btrfs_key_ptr *)entry)->blockptr),
				depth + 1);
	}
	return r;
}

static int read_super(struct volume *v)
{
	struct btrfs_super_block *s = &v->super;

	if (pread(v->fd, s, sizeof(*s), (off_t)super_offsets[0]) != sizeof(*s))
		return -EIO;
	if (le64toh(s->magic) != BTRFS_MAGIC || !checksum_good(s, sizeof(*s)))
		return -EUCLEAN;
	v->node_size = le32toh(s->nodesize);
	if (le16toh(s->csum_type) != BTRFS_CSUM_TYPE_CRC32 ||
	    le64toh(s->num_devices) != 1 || v->node_size > NODE_SIZE_MAX ||
	    v->node_size < sizeof(struct btrfs_header) || s->log_root)
		return -EOPNOTSUPP;
	return 0;
}

static int write_size(struct volume *v)
{
	_cleanup_free_ uint8_t *leaf = xmalloc(v->node_size);
	struct btrfs_dev_item item;
	uint64_t size = htole64(v->end);
	int r;

	if (pread(v->fd, leaf, v->node_size, (off_t)v->item_leaf) !=
	    (ssize_t)v->node_size)
		return -EIO;
	memcpy(&item, leaf + v->item_at, sizeof(item));
	item.total_bytes = size;
	memcpy(leaf + v->item_at, &item, sizeof(item));
	r = write_block(v->fd, v->item_leaf, leaf, v->node_size);
	v->super.total_bytes = size;
	v->super.dev_item.total_bytes = size;
	for (size_t i = 0; r == 0 && i < ELEMENTSOF(super_offsets); i++) {
		if (super_offsets[i] + sizeof(v->super) > v->end)
			break;
		v->super.bytenr = htole64(super_offsets[i]);
		r = write_block(v->fd, super_offsets[i], &v->super, sizeof(v->super));
	}
	if (r == 0 && ftruncate(v->fd, (off_t)v->end) < 0)
		r = -errno;
	return r;
}

int btrfs_shrink(const char *path, uint64_t *ret_size, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct volume v = {.fd = fd};
	int r;

	if (fd < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	r = read_super(&v);
	if (r == 0)
		r = visit_node(&v, le64toh(v.super.chunk_root), 0);
	if (r == 0 && (!v.item_leaf || !v.end))
		r = -EUCLEAN;
	if (r == 0)
		r = write_size(&v);
	if (r < 0)
		return fail(err, r, "Can't cut the file system in %s to its size: %s",
			    path, strerror(-r));
	*ret_size = v.end;
	return 0;
}
