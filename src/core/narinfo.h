/* SPDX-License-Identifier: MIT */
/* What Nix says about store paths (hash, size, references, signatures) and which of them
 * a system needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/hash.h"
#include "core/signature.h"
#include "core/store.h"

/* Limits of a closure file; a desktop has some 1,500 paths. */
#define CLOSURE_TEXT_MAX (64U << 20)
#define CLOSURE_PATHS_MAX 100000U
#define PATH_REFERENCES_MAX 100000U
#define PATH_SIGNATURES_MAX 64U

struct path_info {
	char *base; /* "HASH-NAME", without /nix/store/ */
	uint8_t nar_hash[SHA256_SIZE];
	uint64_t nar_size;
	char **references; /* basenames, sorted, without duplicates; NULL-terminated, not
			      NULL */
	char **signatures; /* "NAME:BASE64"; NULL-terminated, not NULL */
	bool content_addressed;
};

struct closure {
	struct path_info *paths; /* sorted by base */
	size_t count;
};

/* Parses a closure file: stanzas in narinfo form separated by empty lines, fields
 * StorePath, NarHash (sha256:BASE32), NarSize, References (basenames), Sig (repeated),
 * CA; Deriver, URL, Compression, FileHash, FileSize are allowed and ignored, others
 * refused. StorePath, NarHash and NarSize are required. The result is released by
 * closure_done; empty on failure. */
int closure_parse(const char *text, size_t size, struct closure *ret, struct error *err);

/* Adds a path; takes over its strings and lists. Call closure_sort after the last one. */
void closure_add(struct closure *c, struct path_info *p, size_t *capacity);
/* Sorts by base. -EEXIST when a path is there twice. */
int closure_sort(struct closure *c, struct error *err);

/* The text that closure_parse reads; freed by the caller. */
char *closure_format(const struct closure *c);

void path_info_done(struct path_info *p);
void closure_done(struct closure *c);
#define _cleanup_closure_ _cleanup_(closure_done)

const struct path_info *closure_find(const struct closure *c, const char *base);

/* The text that is signed: "1;/nix/store/BASE;sha256:BASE32;SIZE;REFERENCE,…" (Nix:
 * ValidPathInfo::fingerprint). Freed by the caller. */
char *path_info_fingerprint(const struct path_info *p);

/* A path that may be used, and the key that says so. */
struct trusted_path {
	const struct path_info *info;
	const struct public_key *key;
};

/* What a system needs; points into the closure and the keys. */
struct trusted_closure {
	struct trusted_path
		*paths; /* paths[0] is the system, the rest in order of discovery */
	size_t count;
	uint64_t nar_size; /* sum */
};

/* Follows references from `system` (a basename). Every path met must have an entry and a
 * signature by a trusted key; content-addressed paths too. `err` names the store path.
 * The result is released by trusted_closure_done; empty on failure. */
int closure_resolve(const struct closure *c, const char *system,
		    const struct trusted_keys *keys, struct trusted_closure *ret,
		    struct error *err);
void trusted_closure_done(struct trusted_closure *t);
#define _cleanup_trusted_closure_ _cleanup_(trusted_closure_done)

const struct trusted_path *trusted_closure_find(const struct trusted_closure *t,
						const char *base);
