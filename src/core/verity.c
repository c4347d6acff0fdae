/* SPDX-License-Identifier: MIT */
/* fs-verity digests: SHA-256, blocks of 4096 bytes, no salt. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "core/verity.h"

#define DIGESTS_PER_BLOCK (VERITY_BLOCK / SHA256_SIZE)
/* 128^9 blocks of 4096 bytes are 2^75 bytes: more than a file can have. */
#define LEVELS 10
#define READ_SIZE (256U << 10)

/* level[0] collects the digests of the file's blocks, level[n + 1] those of level[n]'s.
 */
struct level {
	uint8_t block[VERITY_BLOCK];
	size_t fill;
	uint64_t total; /* digests it was given */
};

struct verity {
	struct sha256 *hash;
	uint64_t size;
	size_t fill;
	uint8_t block[VERITY_BLOCK];
	struct level levels[LEVELS];
};

static void restart(struct verity *v)
{
	v->size = v->fill = 0;
	for (size_t i = 0; i < LEVELS; i++)
		v->levels[i].fill = v->levels[i].total = 0;
}

struct verity *verity_new(void)
{
	struct verity *v = xmalloc(sizeof(*v));

	v->hash = sha256_new();
	restart(v);
	return v;
}

void verity_free(struct verity *v)
{
	if (!v)
		return;
	sha256_free(v->hash);
	free(v);
}

static void hash_block(struct verity *v, const uint8_t *block,
		       uint8_t digest[SHA256_SIZE])
{
	sha256_update(v->hash, block, VERITY_BLOCK);
	sha256_final(v->hash, digest);
}

static void add_digest(struct verity *v, size_t n, const uint8_t digest[SHA256_SIZE])
{
	struct level *l = &v->levels[n];
	uint8_t above[SHA256_SIZE];

	/* A full block is hashed only when more follows: a tree of one block has no level
	 * above it. */
	if (l->fill == VERITY_BLOCK) {
		hash_block(v, l->block, above);
		l->fill = 0;
		add_digest(v, n + 1, above);
	}
	memcpy(l->block + l->fill, digest, SHA256_SIZE);
	l->fill += SHA256_SIZE;
	l->total++;
}

static void add_block(struct verity *v, const uint8_t *block)
{
	uint8_t digest[SHA256_SIZE];

	hash_block(v, block, digest);
	add_digest(v, 0, digest);
}

void verity_update(struct verity *v, const void *data, size_t size)
{
	const uint8_t *p = data;

	v->size += size;
	while (size > 0) {
		size_t n = MIN(size, VERITY_BLOCK - v->fill);

		if (n == VERITY_BLOCK) {
			add_block(v, p);
		} else {
			memcpy(v->block + v->fill, p, n);
			v->fill += n;
		}
		if (v->fill == VERITY_BLOCK) {
			add_block(v, v->block);
			v->fill = 0;
		}
		p += n;
		size -= n;
	}
}

/* The hash over the topmost block; a file of one block is its own tree. */
static void root_hash(struct verity *v, uint8_t root[SHA256_SIZE])
{
	memset(root, 0, SHA256_SIZE);
	if (v->size == 0)
		return;
	if (v->fill > 0) {
		memset(v->block + v->fill, 0, VERITY_BLOCK - v->fill);
		add_block(v, v->block);
	}
	for (size_t n = 0; n < LEVELS; n++) {
		struct level *l = &v->levels[n];

		if (l->total == 1) {
			memcpy(root, l->block, SHA256_SIZE);
			return;
		}
		memset(l->block + l->fill, 0, VERITY_BLOCK - l->fill);
		hash_block(v, l->block, root);
		l->fill = 0;
		add_digest(v, n + 1, root);
	}
}

void verity_final(struct verity *v, uint8_t digest[SHA256_SIZE])
{
	/* struct fsverity_descriptor: version, hash algorithm, log2 of the block size,
	 * salt size, reserved, data size, root hash, salt, reserved. */
	uint8_t descriptor[256] = {1, 1, 12, 0};

	for (size_t i = 0; i < 8; i++)
		descriptor[8 + i] = (uint8_t)(v->size >> (8 * i));
	root_hash(v, descriptor + 16);
	sha256_update(v->hash, descriptor, sizeof(descriptor));
	sha256_final(v->hash, digest);
	restart(v);
}

void verity_buffer(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
	_cleanup_verity_ struct verity *v = verity_new();

	verity_update(v, data, size);
	verity_final(v, digest);
}

int verity_fd(int fd, uint8_t digest[SHA256_SIZE])
{
	_cleanup_verity_ struct verity *v = verity_new();
	_cleanup_free_ char *buffer = xmalloc(READ_SIZE);
	ssize_t n;

	while ((n = read_full(fd, buffer, READ_SIZE)) > 0)
		verity_update(v, buffer, (size_t)n);
	if (n < 0)
		return (int)n;
	verity_final(v, digest);
	return 0;
}
