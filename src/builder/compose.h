/* SPDX-License-Identifier: MIT */
/* Changes a root manifest: files put in, replaced, removed. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"
#include "builder/table.h"

enum compose_state { COMPOSE_KEPT, COMPOSE_REPLACED, COMPOSE_REMOVED };

struct compose {
	struct manifest *manifest; /* grows; sorted again by compose_finish */
	struct table paths;	   /* → index of the entry that counts */
	enum compose_state *states;
	size_t capacity;
	int64_t epoch; /* time of directories that are made */
};

/* Begins with a sorted root manifest, which the caller keeps owning. */
void compose_init(struct compose *c, struct manifest *m, int64_t epoch);
/* Puts an entry in, in place of the one with its path; parents are made where they are
 * missing (0755, root). Refused, with the path: a file in place of a directory that isn't
 * empty, and a path below something that is no directory. */
int compose_put(struct compose *c, const struct manifest_entry *e, struct error *err);
/* Removes a path and all below it; -ENOENT with words when it isn't there. */
int compose_remove(struct compose *c, const char *path, struct error *err);
/* The entry of a path as things stand, or NULL. Valid until the next change. */
const struct manifest_entry *compose_find(const struct compose *c, const char *path);
/* Drops what was replaced or removed (hard links to it get their own file), sorts, counts
 * links. */
void compose_finish(struct compose *c);
void compose_done(struct compose *c);
#define _cleanup_compose_ _cleanup_(compose_done)
