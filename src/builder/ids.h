/* SPDX-License-Identifier: MIT */
/* The numbers of system users and groups: given once in the lock, never moved. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "builder/makers.h"

/* Numbers that scripts give to system users (Debian policy 9.2.2). */
#define ID_FIRST 100U
#define ID_LAST 999U

struct id {
	char *name;
	uint32_t number;
};

struct id_table {
	struct id *list;
	size_t count, capacity;
};

/* How numbers that scripts gave away become those of the lock: 0 for a number that nobody
 * has. */
struct id_map {
	uint32_t to[ID_LAST + 1];
};

struct ids {
	struct id_table users, groups; /* of the lock */
	struct id_map user_map, group_map;
};

/* Parses lines "NAME NUMBER". Released by ids_done with the rest. */
int id_table_parse(const char *text, struct id_table *ret, struct error *err);

/* Compares passwd and group of the root with the lock and fills the maps; rewrites both
 * files with the lock's numbers. A user or group of the system that isn't in the lock is
 * printed to standard error, in the form that `atomos lock` reads, and makes it fail,
 * naming the packages that made them, as `makers` (may be NULL) knows them:
 *   atomos-lock-id: user NAME UID GID HOME SHELL
 *   atomos-lock-id: group NAME GID */
int ids_settle(int root_fd, struct ids *ids, const struct makers *makers,
	       struct error *err);

/* The text of passwd, or of group, with the numbers of the lock; freed by the caller. */
char *ids_rewrite(const struct ids *ids, const char *text, bool passwd);

/* The lock's number for one of a file; -ENOENT when nobody has it. */
int ids_map(const struct id_map *map, uint32_t number, uint32_t *ret);

void ids_done(struct ids *ids);
#define _cleanup_ids_ _cleanup_(ids_done)
