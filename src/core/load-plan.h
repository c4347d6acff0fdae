/* SPDX-License-Identifier: MIT */
/* Parts of load.c: which file of which store path goes where, and the writing of it. */
#pragma once

#include "core/engine.h"

/* One file of the root whose bytes come from a store path. */
struct placement {
	const struct manifest_entry *entry;
	const char *source; /* within the store path */
	bool delivered;
};

/* What comes from one store path, in the order of a NAR walk. */
struct path_plan {
	const struct path_info *info;
	struct placement *list;
	size_t count;
};

struct plan {
	struct path_plan *paths; /* sorted by basename */
	size_t count;
	struct placement *all;
};

/* Sorts the manifest's files by the store path they come from. Fails with -EBADMSG when
 * one comes from a path outside of the closure. Released by plan_done, also after a
 * failure. */
int plan_make(struct plan *p, const struct manifest *m,
	      const struct trusted_closure *closure, struct error *err);
void plan_done(struct plan *p);
struct path_plan *plan_find(const struct plan *p, const char *base);

/* Writes files into the root; one for each worker. */
struct placer {
	int root;
	/* The directory that was needed last. */
	int directory;
	char *directory_path;
	size_t directory_length;
	/* Where the bytes at hand go; several when a file has copies. */
	int *files;
	size_t file_count, file_capacity;
	struct placement *first;
};

void placer_init(struct placer *p, int root);
void placer_done(struct placer *p);
/* Creates the files of placements first..first+count-1, which share one source. */
int placer_begin(struct placer *p, struct placement *first, size_t count,
		 struct error *err);
int placer_data(struct placer *p, const void *data, size_t size, struct error *err);
/* Gives owner, attributes, mode and time. */
int placer_end(struct placer *p, struct error *err);

/* Everything of the manifest that has no bytes: directories before the files … */
int tree_make_directories(int root, const struct manifest *m, struct error *err);
/* … and then hard links, symlinks, nodes, empty files, and what directories look like. */
int tree_finish(int root, const struct manifest *m, unsigned threads, struct error *err);

/* Owner, extended attributes, mode and time of an open file. */
int apply_metadata(int fd, const struct manifest_entry *e, struct error *err);
