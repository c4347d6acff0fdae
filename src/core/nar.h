/* SPDX-License-Identifier: MIT */
/* Nix's archive format over a store path on disk: hashes it, and hands each file on while
 * doing so (format: Nix, "Nix Archive (NAR) format"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/hash.h"

/* Directories within directories; the deepest Debian package has about 20. */
#define NAR_DEPTH_MAX 256
/* Names in one directory. */
#define NAR_ENTRIES_MAX 4000000U

/* Receives a store path in NAR order (depth first, names sorted by bytes). Paths are
 * relative to the store path, "" for its top, and valid during the call only. Every
 * function may be NULL. What is handed out is exactly what is hashed, but isn't known to
 * be good before the walk has returned and its hash was compared. A negative return ends
 * the walk. */
struct nar_sink {
	int (*directory)(void *context, const char *path, struct error *err);
	int (*symlink)(void *context, const char *path, const char *target,
		       struct error *err);
	int (*file_begin)(void *context, const char *path, uint64_t size, bool executable,
			  struct error *err);
	/* The bytes of the file begun last, in pieces. */
	int (*file_data)(void *context, const void *data, size_t size, struct error *err);
	int (*file_end)(void *context, struct error *err);
};

/* Buffers and hash state of one worker, used again for each path. */
struct nar_walker;

struct nar_walk {
	const struct nar_sink *sink; /* may be NULL */
	void *context;
	/* Called with the file bytes read since the last call; may be NULL. */
	void (*progress)(void *context, uint64_t bytes);
	void *progress_context;
	bool drop_cache; /* take each file out of the page cache behind us */
};

struct nar_walker *nar_walker_new(void);
void nar_walker_free(struct nar_walker *w);
DEFINE_FREEP(struct nar_walker, nar_walker_free)
#define _cleanup_nar_walker_ _cleanup_(nar_walker_freep)

/* Hashes the NAR of `name` in the directory `dirfd`. Only regular files, directories and
 * symlinks are accepted (-EINVAL), nothing is followed, nothing is read twice. A file
 * that changes its size meanwhile is an error (-ESTALE). `err` names the file relative to
 * `name`. ret_size is the size of the NAR. */
int nar_hash(struct nar_walker *w, int dirfd, const char *name,
	     const struct nar_walk *walk, uint8_t ret_hash[SHA256_SIZE],
	     uint64_t *ret_size, struct error *err);
