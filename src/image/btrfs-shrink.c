/* SPDX-License-Identifier: MIT */
/* Makes an unmounted btrfs as small as what is allocated in it: the kernel refuses to go
 * below 256 MiB, a small medium is half of that, and moving block groups takes it new
 * room. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "image/btrfs.h"
#include "image/btrfs-tree.h"

#define COPY_SIZE (1U << 20)
/* What the kernel keeps free around each copy of the superblock. */
#define SUPER_RESERVED (64U << 10)

/* A block group that moves down. Only its place on the device changes, which two items
 * know: its chunk item and its device extent. */
struct move {
	uint64_t logical, from, to;
};

struct plan {
	struct move *moves;
	size_t count;
	uint64_t end; /* of the last block group, after the moves */
};

static void plan_done(struct plan *p)
{
	free(p->moves);
}

static bool touches_super(uint64_t start, uint64_t length)
{
	for (size_t i = 0; i < BTRFS_SUPER_COPIES; i++)
		if (start < btrfs_super_offsets[i] + SUPER_RESERVED &&
		    start + length > btrfs_super_offsets[i])
			return true;
	return false;
}

/* Everything slides down into the holes before it, in its old order. */
static void make_plan(struct btrfs_volume *v, struct plan *p)
{
	uint64_t end = v->pieces[0].physical;

	p->moves = xcalloc(v->count, sizeof(*p->moves));
	for (size_t i = 0; i < v->count; i++) {
		struct btrfs_piece *piece = &v->pieces[i];

		if (piece->physical > end &&
		    !touches_super(piece->physical, piece->length) &&
		    !touches_super(end, piece->length)) {
			p->moves[p->count++] =
				(struct move){piece->logical, piece->physical, end};
			piece->physical = end;
		}
		end = piece->physical + piece->length;
	}
	p->end = end;
}

static int copy_down(int fd, uint64_t from, uint64_t to, uint64_t length)
{
	_cleanup_free_ uint8_t *buffer = xmalloc(COPY_SIZE);

	for (uint64_t done = 0; done < length;) {
		size_t want = (size_t)MIN(length - done, (uint64_t)COPY_SIZE);
		ssize_t n = pread(fd, buffer, want, (off_t)(from + done));

		if (n <= 0)
			return n < 0 ? -errno : -EUCLEAN;
		if (pwrite(fd, buffer, (size_t)n, (off_t)(to + done)) != n)
			return -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

static int move_data(const struct btrfs_volume *v, const struct plan *p)
{
	int r = 0;

	for (size_t i = 0, next = 0; r == 0 && i < v->count && next < p->count; i++)
		if (v->pieces[i].logical == p->moves[next].logical) {
			r = copy_down(v->fd, p->moves[next].from, p->moves[next].to,
				      v->pieces[i].length);
			next++;
		}
	return r;
}

/* In the chunk tree: the new place of each chunk, and the new size of the device. */
static int patch_chunk(void *context, struct btrfs_item *item, void *data, size_t size)
{
	const struct plan *p = context;
	const uint64_t end = htole64(p->end);

	if (item->key.type == BTRFS_DEV_ITEM_KEY &&
	    size >= sizeof(struct btrfs_dev_item)) {
		memcpy((uint8_t *)data + offsetof(struct btrfs_dev_item, total_bytes),
		       &end, sizeof(end));
		return 1;
	}
	if (item->key.type != BTRFS_CHUNK_ITEM_KEY)
		return 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->moves[i].logical == le64toh(item->key.offset)) {
			((struct btrfs_chunk *)data)->stripe.offset =
				htole64(p->moves[i].to);
			return 1;
		}
	return 0;
}

/* In the device tree: extents are named by their place. Their order stays. */
static int patch_extent(void *context, struct btrfs_item *item, void *data, size_t size)
{
	const struct plan *p = context;

	if (item->key.type != BTRFS_DEV_EXTENT_KEY)
		return 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->moves[i].from == le64toh(item->key.offset)) {
			item->key.offset = htole64(p->moves[i].to);
			return 1;
		}
	return 0;
}

static int find_device_tree(void *context, struct btrfs_item *item, void *data,
			    size_t size)
{
	uint64_t *root = context;

	if (item->key.type == BTRFS_ROOT_ITEM_KEY &&
	    le64toh(item->key.objectid) == BTRFS_DEV_TREE_OBJECTID &&
	    size >= offsetof(struct btrfs_root_item, bytenr) + sizeof(*root)) {
		memcpy(root, (uint8_t *)data + offsetof(struct btrfs_root_item, bytenr),
		       sizeof(*root));
		*root = le64toh(*root);
	}
	return 0;
}

static int patch_device_tree(const struct btrfs_volume *v, struct plan *p)
{
	uint64_t root = 0;
	int r = btrfs_walk(v, le64toh(v->super.root), find_device_tree, &root);

	if (r == 0 && !root)
		r = -EUCLEAN;
	return r < 0 ? r : btrfs_walk(v, root, patch_extent, p);
}

static int shrink(struct btrfs_volume *v, uint64_t *ret_size)
{
	_cleanup_(plan_done) struct plan p = {0};
	int r;

	make_plan(v, &p);
	r = move_data(v, &p);
	if (r == 0 && p.count)
		r = patch_device_tree(v, &p);
	if (r == 0)
		r = btrfs_walk(v, le64toh(v->super.chunk_root), patch_chunk, &p);
	v->super.total_bytes = htole64(p.end);
	v->super.dev_item.total_bytes = htole64(p.end);
	if (r == 0)
		r = btrfs_write_super(v, p.end);
	if (r == 0 && ftruncate(v->fd, (off_t)p.end) < 0)
		r = -errno;
	*ret_size = p.end;
	return r;
}

int btrfs_shrink(const char *path, uint64_t *ret_size, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_btrfs_ struct btrfs_volume v = {0};
	int r;

	if (fd < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	r = btrfs_open(fd, &v);
	if (r == 0)
		r = shrink(&v, ret_size);
	return r < 0 ? fail(err, r, "Can't cut the file system in %s to its size: %s",
			    path, strerror(-r))
		     : 0;
}
