/* SPDX-License-Identifier: MIT */
/* atomos.lock: every package by version and hash, every system user and group by number.
 * Format: docs/formats.md and atomos.lock(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macro.h"

#define LOCK_TEXT_MAX (32U << 20)
#define LOCK_PACKAGES_MAX 20000U
#define LOCK_IDS_MAX 2000U
/* Numbers that packages may give to system users and groups (Debian Policy 9.2.2). */
#define LOCK_ID_FIRST 100U
#define LOCK_ID_LAST 999U

struct lock_package {
	char *name, *version, *architecture;
	char *sha256; /* 64 hexadecimal digits */
	uint64_t size;
	bool second;	  /* in the second layer, else in the base */
	char *repository; /* main, security, local, or an extra repository's name */
	char *path; /* in the repository, not %-encoded; of a local file: as configured */
};

/* A user (gid, home, shell count) or a group (they don't). */
struct lock_id {
	char *name;
	uint32_t id, gid;
	char *home, *shell;
};

struct lock_ids {
	struct lock_id *list; /* sorted by name */
	size_t count, capacity;
};

struct lock {
	char *suite;
	uint64_t date;	  /* SOURCE_DATE_EPOCH */
	char **base;	  /* asked for by AtomOS itself; sorted, no duplicates */
	char **requested; /* asked for by the configuration; the same */
	/* "main COMPONENT" and "NAME SUITE[ COMPONENT]" of extra repositories; the same
	 */
	char **sources;
	struct lock_ids users, groups;
	struct lock_package *packages; /* sorted by name, architecture */
	size_t count, capacity;
};

/* Reads a lock's text. `err` names what is wrong and where; *ret is empty then. */
int lock_parse(const char *text, const char *what, struct lock *ret, struct error *err);
/* The text, sorted, one package a line; freed by the caller. */
char *lock_format(const struct lock *l);

/* -ENOENT without words when there is no file. */
int lock_load(const char *path, struct lock *ret, struct error *err);
int lock_save(const char *path, const struct lock *l, struct error *err);

/* Adds a package; takes over its strings. Sort when done. */
void lock_add(struct lock *l, struct lock_package *p);
void lock_sort(struct lock *l);
const struct lock_package *lock_find(const struct lock *l, const char *name);

/* Copies the numbers of users and groups, which outlive every renewal. */
void lock_copy_ids(struct lock *to, const struct lock *from);

/* What differs between two locks, as words: "3 packages changed: a 1 → 2, b added, c
 * removed". NULL when all packages are the same; freed by the caller. */
char *lock_difference(const struct lock *old, const struct lock *new);

/* Where nix/packages/fetch.nix puts the .deb in the store, there or not: a fixed-output
 * path depends on name and hash alone (Nix: StoreDirConfig::makeFixedOutputPath). Freed
 * by the caller. */
char *lock_package_deb(const struct lock_package *p);

void lock_package_done(struct lock_package *p);
void lock_done(struct lock *l);
#define _cleanup_lock_ _cleanup_(lock_done)
