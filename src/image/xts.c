/* SPDX-License-Identifier: MIT */
/* AES-256-XTS over areas of files. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/workers.h"
#include "image/xts.h"

/* Large enough that the system calls don't count, small enough for the caches. */
#define CHUNK (1U << 20)

DEFINE_FREEP(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static void iv_plain64(uint64_t offset, uint8_t iv[16])
{
	uint64_t sector = offset / 512;

	memset(iv, 0, 16);
	for (int i = 0; i < 8; i++)
		iv[i] = (uint8_t)(sector >> (8 * i));
}

static EVP_CIPHER_CTX *context_new(enum xts_direction direction, const uint8_t *key)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!ctx ||
	    EVP_CipherInit_ex(ctx, EVP_aes_256_xts(), NULL, key, NULL, direction) != 1)
		return NULL;
	return TAKE_PTR(ctx);
}

static int crypt_sectors(EVP_CIPHER_CTX *ctx, uint64_t offset, uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at += XTS_SECTOR) {
		uint8_t iv[16];
		int n;

		iv_plain64(offset + at, iv);
		if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, -1) != 1 ||
		    EVP_CipherUpdate(ctx, data + at, &n, data + at, XTS_SECTOR) != 1)
			return -EIO;
	}
	return 0;
}

int xts_crypt(enum xts_direction direction, const uint8_t key[XTS_KEY_SIZE],
	      uint64_t offset, void *data, size_t size)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *ctx = NULL;

	if (offset % XTS_SECTOR || size % XTS_SECTOR)
		return -EINVAL;
	ctx = context_new(direction, key);
	return ctx ? crypt_sectors(ctx, offset, data, size) : -EIO;
}

struct copy_worker {
	EVP_CIPHER_CTX *ctx;
	uint8_t *buffer;
};

struct copy_state {
	const struct xts_copy *copy;
	struct copy_worker *workers;
};

static ssize_t pread_full(int fd, uint8_t *buffer, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buffer + done, size - done, offset + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

static int pwrite_full(int fd, const uint8_t *buffer, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(fd, buffer + done, size - done, offset + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static bool is_hole(int fd, off_t start, size_t size)
{
	off_t data = lseek(fd, start, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO;
	return data >= start + (off_t)size;
}

static int copy_chunk(void *context, size_t index, unsigned worker, struct error *err)
{
	const struct copy_state *s = context;
	const struct xts_copy *c = s->copy;
	struct copy_worker *w = &s->workers[worker];
	uint64_t start = (uint64_t)index * CHUNK;
	size_t size = (size_t)MIN((uint64_t)CHUNK, c->size - start);
	ssize_t n;
	int r;

	if (c->direction == XTS_DECRYPT &&
	    is_hole(c->in, c->in_offset + (off_t)start, size))
		return 0;
	if (!w->ctx) {
		w->ctx = context_new(c->direction, c->key);
		w->buffer = xmalloc(CHUNK);
	}
	if (!w->ctx)
		return fail(err, -EIO, "OpenSSL has no AES-256-XTS here");
	n = pread_full(c->in, w->buffer, size, c->in_offset + (off_t)start);
	if (n < 0)
		return fail(err, (int)n, "Can't read the volume: %s", strerror((int)-n));
	memset(w->buffer + n, 0, size - (size_t)n);
	r = crypt_sectors(w->ctx, start, w->buffer, size);
	if (r < 0)
		return fail(err, r, "OpenSSL can't encrypt the volume");
	r = pwrite_full(c->out, w->buffer, size, c->out_offset + (off_t)start);
	return r < 0 ? fail(err, r, "Can't write the volume: %s", strerror(-r)) : 0;
}

int xts_copy(const struct xts_copy *c, struct error *err)
{
	unsigned threads = workers_default();
	_cleanup_free_ struct copy_worker *workers = xcalloc(threads, sizeof(*workers));
	struct copy_state s = {c, workers};
	int r;

	if (c->size % XTS_SECTOR)
		return fail(err, -EINVAL, "A volume is a multiple of 4096 bytes long");
	r = workers_run(threads, (size_t)((c->size + CHUNK - 1) / CHUNK), copy_chunk, &s,
			err);
	for (unsigned i = 0; i < threads; i++) {
		EVP_CIPHER_CTX_free(workers[i].ctx);
		free(workers[i].buffer);
	}
	return r;
}
