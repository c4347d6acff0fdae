/* SPDX-License-Identifier: MIT */
/* Remembers which store file each placed inode came from, so that the scan needs to read
 * only what was changed. */
#pragma once

#include <sys/stat.h>

#include "core/manifest.h"
#include "builder/table.h"

struct origin {
	ino_t inode;
	off_t size;
	struct timespec mtime, ctime;
	const struct manifest_entry *entry; /* owned by the manifest that was placed */
};

/* One slot for each entry of the placed manifest; `find` is filled by origins_index. */
struct origins {
	struct origin *list;
	size_t count;
	struct table find;
};

/* Indexes the list by inode, after the last file was placed. */
void origins_index(struct origins *o);
/* What was placed as this inode, whether or not it was changed since; or NULL. */
const struct origin *origins_find(const struct origins *o, ino_t inode);
/* True when the file can't have been touched since it was placed. */
bool origin_untouched(const struct origin *o, const struct stat *st);
void origins_done(struct origins *o);
#define _cleanup_origins_ _cleanup_(origins_done)
