/* SPDX-License-Identifier: MIT */
/* The root manifest: every path of a root in composefs-dump(5) form. Parser and writer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "core/hash.h"

/* Limits: a desktop of 3 GB has about 100,000 entries in 25 MB. */
#define MANIFEST_TEXT_MAX (512U << 20)
#define MANIFEST_ENTRIES_MAX 4000000U
#define MANIFEST_PATH_MAX 4095 /* PATH_MAX - 1 */
#define MANIFEST_NAME_MAX 255  /* NAME_MAX */
#define MANIFEST_XATTRS_MAX 64
#define MANIFEST_XATTR_SIZE_MAX (64U << 10) /* XATTR_SIZE_MAX */

struct manifest_xattr {
	const char *name;
	const void *value; /* followed by a NUL */
	size_t size;
};

struct manifest_entry {
	const char *path;    /* absolute, "/" for the top */
	const char *payload; /* file: STOREBASENAME/path/in/it; symlink: target; hard
				link: path in the root; NULL: "-" */
	uint64_t size;
	int64_t mtime; /* seconds */
	uint64_t rdev; /* as dev_t */
	uint32_t mode; /* with type */
	uint32_t nlink, uid, gid;
	uint32_t xattr_count;
	bool hardlink;	 /* only path and payload count, as in composefs-dump(5) */
	bool has_digest; /* fs-verity SHA-256, 4096-byte blocks, no salt */
	uint8_t digest[SHA256_SIZE];
	const struct manifest_xattr *xattrs;
};

/* Entries and all their strings are owned by the manifest. */
struct manifest {
	struct manifest_entry *entries;
	size_t count, capacity;
	struct arena *arena;
};

enum manifest_kind {
	/* A root: in tree order, starting with "/", every parent before its children and
	 * a directory, payloads STOREBASENAME/…, digest for every non-empty file, hard
	 * links to regular files that stand anywhere in it. */
	MANIFEST_ROOT,
	/* A package: any order, parents may be missing, payloads relative to the package.
	 */
	MANIFEST_PACKAGE,
};

/* Parses a whole manifest; the text isn't needed afterwards. Refused: "." and ".." and
 * empty components, unknown types, what the kind forbids, every limit above. `err` names
 * the line. The result is released by manifest_done; empty on failure. */
int manifest_parse(const char *text, size_t size, enum manifest_kind kind,
		   struct manifest *ret, struct error *err);

/* As manifest_parse, on text from malloc that ends with a NUL (text[size]) and now
 * belongs to the manifest, also on failure: no second copy of what may be 25 MB. */
int manifest_parse_owned(char *text, size_t size, enum manifest_kind kind,
			 struct manifest *ret, struct error *err);

/* Adds a copy of an entry, strings and xattrs included. */
void manifest_add(struct manifest *m, const struct manifest_entry *e);

/* Puts entries into tree order (bytes, '/' before everything). */
void manifest_sort(struct manifest *m);

/* The order: <0, 0, >0 as strcmp, but a directory's content follows it at once. */
int manifest_compare_paths(const char *a, const char *b);

/* Writes the text that manifest_parse reads; freed by the caller. */
char *manifest_format(const struct manifest *m, size_t *ret_size);

/* The entry of a path in a sorted manifest, or NULL. */
const struct manifest_entry *manifest_find(const struct manifest *m, const char *path);

/* The length of the store basename at the front of a root manifest's payload; 0 when
 * there is none. */
size_t manifest_payload_base(const char *payload);

void manifest_done(struct manifest *m);
#define _cleanup_manifest_ _cleanup_(manifest_done)
