/* SPDX-License-Identifier: MIT */
/* Puts the users and groups of a configuration into the texts of passwd(5) and its kin.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* No number given: the one that the root has. */
#define ACCOUNT_NONE UINT32_MAX

struct account_user {
	char *name, *group, *description, *home, *shell;
	char *password; /* hash; NULL: no log-in with a password */
	char **extra_groups;
	uint32_t uid, gid;
	bool create_home;
};

struct account_group {
	char *name;
	char **members;
	uint32_t gid;
};

struct account_changes {
	struct account_user *users;
	size_t user_count;
	struct account_group *groups;
	size_t group_count;
	char *root_password; /* hash; NULL: as it is */
	int64_t epoch;	     /* "last change" of passwords */
};

enum account_file {
	ACCOUNT_PASSWD,
	ACCOUNT_GROUP,
	ACCOUNT_SHADOW,
	ACCOUNT_GSHADOW,
	ACCOUNT_SUBUID,
	ACCOUNT_SUBGID,
	ACCOUNT_FILES,
};

/* Paths of the six files, absolute. */
extern const char *const account_paths[ACCOUNT_FILES];

/* Replaces the six texts (each freed and allocated anew; NULL is an empty one) by merged
 * ones. Users and groups that are there already keep their number: another one in the
 * configuration is refused, as is a number that another name has, a group that nobody
 * makes, and a user without a number. */
int accounts_merge(char *texts[ACCOUNT_FILES], const struct account_changes *changes,
		   struct error *err);

/* The number of a user or group in the text of passwd or group; -ENOENT without words. */
int accounts_number(const char *text, const char *name, uint32_t *ret);

void account_changes_done(struct account_changes *c);
