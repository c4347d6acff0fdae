/* SPDX-License-Identifier: MIT */
/* system.json of a verified system: what the boot needs to know of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct state_directory {
	char *path;
	mode_t mode;
	char *user, *group;
	bool execute; /* programs in it may be run */
};

struct system_info {
	char *product, *kernel, *init;
	uint64_t release, root_bytes, entries, epoch, root_percent;
	struct state_directory *directories;
	size_t directory_count;
	char **files; /* of the state; may be NULL */
};

/* Parses it. product, kernel, init, rootBytes and version 1 are required; paths are
 * absolute and without "..". Released by system_info_done; empty on failure. */
int system_info_parse(const char *text, struct system_info *ret, struct error *err);
void system_info_done(struct system_info *s);

/* Whether this boot image may start that system: same product, same kernel. */
int system_info_check(const struct system_info *s, const char *product,
		      const char *kernel, struct error *err);

/* Looks a name up in the text of passwd(5) or group(5): its third field, and for passwd
 * the fourth in ret_group (may be NULL). -ENOENT when it isn't there. */
int id_lookup(const char *table, const char *name, uint32_t *ret_id, uint32_t *ret_group);
