/* SPDX-License-Identifier: MIT */
/* Verifies the store paths of a closure against their signed hashes, in parallel, and
 * hands their files to a sink while doing so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/manifest.h"
#include "core/nar.h"
#include "core/narinfo.h"

/* Where the files of each path go. */
struct engine_sink {
	const struct nar_sink *nar;
	/* Returns in ret_context what the functions of `nar` get for this path. */
	int (*path_begin)(void *context, const struct path_info *path, unsigned worker,
			  void **ret_context, struct error *err);
	/* Called once the path's hash was found to be the signed one. */
	int (*path_end)(void *context, void *path_context, struct error *err);
	void *context;
};

#define ENGINE_AHEAD (64U << 20)

struct engine {
	int store;	  /* directory descriptor of the store (…/nix/store) */
	unsigned threads; /* 0: as many as there are processors */
	/* Further threads that ask for files ahead of those that hash, for a store on a
	 * disk; 0 for one in the page cache. They take up to ENGINE_AHEAD bytes of it. */
	unsigned prefetch;
	bool drop_cache; /* don't leave what was read in the page cache */
	/* Called by one thread at a time, some 20 times a second; may be NULL. Bytes of
	 * NARs. */
	void (*progress)(void *context, uint64_t done, uint64_t total);
	void *progress_context;
	/* Verified already: names the changed file when a path isn't as signed. May be
	 * NULL. */
	const struct manifest *manifest;
};

struct engine_result {
	size_t paths;
	uint64_t bytes; /* of NARs */
	double seconds;
	char key[KEY_NAME_MAX + 1]; /* the key that signed the system */
};

/* Verifies paths[first..] of the closure; sink may be NULL. Ends at the first difference
 * with
 * "/nix/store/HASH-NAME: data/usr/bin/x was changed (its content differs from the signed
 * one)" and -EBADMSG. */
int engine_run(const struct engine *e, const struct trusted_closure *closure,
	       size_t first, const struct engine_sink *sink, struct engine_result *ret,
	       struct error *err);

/* Verifies one path; on a difference finds out and says which file it is. */
int engine_verify_path(const struct engine *e, const struct trusted_path *path,
		       const struct nar_sink *sink, void *context, struct error *err);

/* Verifies everything that `system` needs, without loading it: resolves, verifies the
 * system path first so that its manifest can name differences, then all other paths. What
 * `atomos verify` does. `system` need not have a manifest (any store path will do). */
int verify_store_path(const struct engine *e, const struct closure *closure,
		      const char *system, const struct trusted_keys *keys,
		      struct engine_result *ret, struct error *err);
