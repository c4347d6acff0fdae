/* SPDX-License-Identifier: MIT */
/* The trees of an unmounted btrfs, read and patched in place. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "image/btrfs-tree.h"

#define NODE_SIZE_MAX 65536

static int add_piece(struct btrfs_volume *v, uint64_t logical,
		     const struct btrfs_chunk *c)
{
	if (le16toh(c->num_stripes) != 1)
		return -EOPNOTSUPP;
	v->pieces = xgrow(v->pieces, v->count, &v->capacity, sizeof(*v->pieces));
	v->pieces[v->count++] = (struct btrfs_piece){logical, le64toh(c->length),
						     le64toh(c->stripe.offset)};
	return 0;
}

static int map(const struct btrfs_volume *v, uint64_t logical, uint64_t *ret)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct btrfs_piece *p = &v->pieces[i];

		if (logical >= p->logical && logical - p->logical < p->length) {
			*ret = p->physical + (logical - p->logical);
			return 0;
		}
	}
	return -EUCLEAN;
}

/* The chunks that hold the chunk tree itself are named in the superblock. */
static int read_system_chunks(struct btrfs_volume *v)
{
	const struct btrfs_super_block *s = &v->super;
	uint32_t size = le32toh(s->sys_chunk_array_size);
	const size_t entry = sizeof(struct btrfs_disk_key) + sizeof(struct btrfs_chunk);
	int r = 0;

	if (size > sizeof(s->sys_chunk_array))
		return -EUCLEAN;
	for (size_t at = 0; r == 0 && at + entry <= size; at += entry) {
		struct btrfs_disk_key key;
		struct btrfs_chunk c;

		memcpy(&key, s->sys_chunk_array + at, sizeof(key));
		memcpy(&c, s->sys_chunk_array + at + sizeof(key), sizeof(c));
		r = add_piece(v, le64toh(key.offset), &c);
	}
	return r;
}

struct walk {
	const struct btrfs_volume *v;
	btrfs_visit visit;
	void *context;
};

static int visit_items(const struct walk *w, uint8_t *node, uint32_t count)
{
	struct btrfs_item *items =
		(struct btrfs_item *)(node + sizeof(struct btrfs_header));
	int changed = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t at =
			sizeof(struct btrfs_header) + (uint64_t)le32toh(items[i].offset);
		uint32_t size = le32toh(items[i].size);
		int r;

		if (at + size > w->v->node_size)
			return -EUCLEAN;
		r = w->visit(w->context, &items[i], node + at, size);
		if (r < 0)
			return r;
		changed |= r;
	}
	return changed;
}

static int read_node(const struct btrfs_volume *v, uint64_t logical, uint8_t *node,
		     uint64_t *ret_physical)
{
	const struct btrfs_header *h = (const struct btrfs_header *)node;
	size_t width;
	int r = map(v, logical, ret_physical);

	if (r < 0)
		return r;
	if (pread(v->fd, node, v->node_size, (off_t)*ret_physical) !=
	    (ssize_t)v->node_size)
		return -EIO;
	width = h->level ? sizeof(struct btrfs_key_ptr) : sizeof(struct btrfs_item);
	if (!btrfs_checksum_good(node, v->node_size) || le64toh(h->bytenr) != logical ||
	    h->level >= BTRFS_MAX_LEVEL || !h->nritems ||
	    sizeof(*h) + le32toh(h->nritems) * width > v->node_size)
		return -EUCLEAN;
	return 0;
}

/* Returns the first key of the tree below, which its parent repeats. `level`: at most. */
static int visit_node(const struct walk *w, uint64_t logical, int level,
		      struct btrfs_disk_key *ret_first)
{
	const struct btrfs_volume *v = w->v;
	_cleanup_free_ uint8_t *node = xmalloc(v->node_size);
	const struct btrfs_header *h = (const struct btrfs_header *)node;
	struct btrfs_key_ptr *children = (void *)(node + sizeof(*h));
	uint64_t physical;
	int changed = 0, r = read_node(v, logical, node, &physical);

	if (r == 0 && h->level > level)
		r = -EUCLEAN;
	if (r < 0)
		return r;
	if (h->level == 0)
		r = changed = visit_items(w, node, le32toh(h->nritems));
	for (uint32_t i = 0; h->level && r == 0 && i < le32toh(h->nritems); i++) {
		struct btrfs_disk_key first;

		r = visit_node(w, le64toh(children[i].blockptr), h->level - 1, &first);
		if (r == 0 && memcmp(&first, &children[i].key, sizeof(first)) != 0) {
			children[i].key = first;
			changed = 1;
		}
	}
	/* Items and children both begin with their key. */
	memcpy(ret_first, children, sizeof(*ret_first));
	if (r < 0)
		return r;
	return changed ? btrfs_write_block(v->fd, physical, node, v->node_size) : 0;
}

int btrfs_walk(const struct btrfs_volume *v, uint64_t root, btrfs_visit visit,
	       void *context)
{
	const struct walk w = {v, visit, context};
	struct btrfs_disk_key first;

	return visit_node(&w, root, BTRFS_MAX_LEVEL - 1, &first);
}

static int read_super(struct btrfs_volume *v)
{
	struct btrfs_super_block *s = &v->super;
	int r = btrfs_super_read(v->fd, s);

	if (r < 0)
		return r;
	v->node_size = le32toh(s->nodesize);
	if (le16toh(s->csum_type) != BTRFS_CSUM_TYPE_CRC32 ||
	    le64toh(s->num_devices) != 1 || v->node_size > NODE_SIZE_MAX ||
	    v->node_size < sizeof(struct btrfs_header) || s->log_root)
		return -EOPNOTSUPP;
	return 0;
}

/* Collects into a list of its own, because the walk reads through the present one. */
static int collect_chunk(void *context, struct btrfs_item *item, void *data, size_t size)
{
	struct btrfs_chunk c;

	if (item->key.type != BTRFS_CHUNK_ITEM_KEY)
		return 0;
	if (size < sizeof(c))
		return -EUCLEAN;
	memcpy(&c, data, sizeof(c));
	return add_piece(context, le64toh(item->key.offset), &c);
}

static int compare_pieces(const void *a, const void *b)
{
	const struct btrfs_piece *x = a, *y = b;

	return x->physical < y->physical ? -1 : x->physical > y->physical;
}

int btrfs_open(int fd, struct btrfs_volume *ret)
{
	_cleanup_btrfs_ struct btrfs_volume v = {.fd = fd}, all = {0};
	int r = read_super(&v);

	if (r == 0)
		r = read_system_chunks(&v);
	if (r == 0)
		r = btrfs_walk(&v, le64toh(v.super.chunk_root), collect_chunk, &all);
	if (r < 0)
		return r;
	if (!all.count)
		return -EUCLEAN;
	qsort(all.pieces, all.count, sizeof(*all.pieces), compare_pieces);
	*ret = (struct btrfs_volume){.fd = fd,
				     .node_size = v.node_size,
				     .super = v.super,
				     .pieces = TAKE_PTR(all.pieces),
				     .count = all.count,
				     .capacity = all.capacity};
	return 0;
}

void btrfs_close(struct btrfs_volume *v)
{
	free(TAKE_PTR(v->pieces));
}

int btrfs_write_super(struct btrfs_volume *v, uint64_t end)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < BTRFS_SUPER_COPIES; i++) {
		if (btrfs_super_offsets[i] + sizeof(v->super) > end)
			break;
		v->super.bytenr = htole64(btrfs_super_offsets[i]);
		r = btrfs_write_block(v->fd, btrfs_super_offsets[i], &v->super,
				      sizeof(v->super));
	}
	return r;
}
