/* SPDX-License-Identifier: MIT */
/* Bytes of a file onto a disk. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "install/write.h"

#define CHUNK (1U << 20)

static int write_chunk(int disk, uint64_t offset, const char *data, size_t size,
		       struct error *err)
{
	while (size > 0) {
		ssize_t n = pwrite(disk, data, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(err, n < 0 ? -errno : -ENOSPC,
				    "Can't write the disk: %s",
				    n < 0 ? strerror(errno) : "it ends too early");
		data += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* Where the next bytes are, from `at` on; `size` when only holes follow. */
static uint64_t next_data(int in, uint64_t at, uint64_t size, uint64_t all)
{
	off_t next = at < all ? (off_t)at : lseek(in, (off_t)at, SEEK_DATA);

	if (next < 0)
		return errno == ENXIO ? size : at;
	return (uint64_t)next / CHUNK * CHUNK > at ? (uint64_t)next / CHUNK * CHUNK : at;
}

int write_region(int disk, uint64_t offset, const char *path, uint64_t size, uint64_t all,
		 struct error *err)
{
	_cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buffer = xmalloc(CHUNK);

	if (in < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	for (uint64_t at = 0; (at = next_data(in, at, size, all)) < size; at += CHUNK) {
		size_t want = (size_t)MIN(size - at, (uint64_t)CHUNK);
		ssize_t n = pread(in, buffer, want, (off_t)at);
		int r;

		if (n < 0 || (size_t)n != want)
			return fail(err, n < 0 ? -errno : -EIO, "Can't read %s", path);
		r = write_chunk(disk, offset + at, buffer, want, err);
		if (r < 0)
			return r;
	}
	return 0;
}
