/* SPDX-License-Identifier: MIT */
/* Which package's script made which user and group. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct maker {
	bool user; /* else a group */
	char *name;
	char *package; /* NULL: it was there before the first script */
};

/* All zeroes is a start. */
struct makers {
	struct maker *list;
	size_t count, capacity;
	struct stat seen[2]; /* of etc/passwd and etc/group when they were last read */
};

/* Notes the users and groups of the root that are new since the last look as made by this
 * package (NULL: by none of those that are configured). */
void makers_look(struct makers *m, int root_fd, const char *package);
/* The package that made this user or group, or NULL. */
const char *makers_find(const struct makers *m, bool user, const char *name);
void makers_done(struct makers *m);
