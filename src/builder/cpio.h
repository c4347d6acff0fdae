/* SPDX-License-Identifier: MIT */
/* An initramfs in memory, written as newc cpio archive (kernel:
 * driver-api/early-userspace/ buffer-format.rst), compressed with zstd. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "builder/table.h"

struct cpio_entry {
	char *path; /* without leading slash */
	mode_t mode;
	char *data; /* content or target */
	size_t size;
};

/* Entries with the same path: the first stays. All zeroes is an empty archive. */
struct cpio {
	struct cpio_entry *list;
	size_t count, capacity;
	struct table paths;
};

/* Paths are absolute; parents are added as needed (0755). The data is copied. */
void cpio_add_file(struct cpio *c, const char *path, mode_t mode, const void *data,
		   size_t size);
void cpio_add_symlink(struct cpio *c, const char *path, const char *target);
void cpio_add_directory(struct cpio *c, const char *path, mode_t mode);
bool cpio_has(const struct cpio *c, const char *path);

/* Writes everything sorted by path, owned by root, with this time: the same entries give
 * the same bytes. */
int cpio_write(struct cpio *c, int fd, int64_t epoch, struct error *err);
void cpio_done(struct cpio *c);
#define _cleanup_cpio_ _cleanup_(cpio_done)
