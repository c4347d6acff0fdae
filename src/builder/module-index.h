/* SPDX-License-Identifier: MIT */
/* Which kernel modules need which: the text indexes that depmod(8) writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct module {
	char *name;   /* with underscores */
	char *path;   /* below /usr/lib/modules/RELEASE */
	char **needs; /* paths of the modules it needs */
};

struct module_alias {
	char *pattern, *name;
};

struct module_index {
	struct module *list; /* sorted by name */
	size_t count, capacity;
	struct module_alias *aliases;
	size_t alias_count, alias_capacity;
	char **soft;	/* "NAME pre: a b post: c", without the first word */
	char **builtin; /* names */
};

/* The texts of modules.dep, modules.alias, modules.softdep and modules.builtin. Released
 * by module_index_done. `err` names file and line. */
struct module_texts {
	const char *dep, *alias, *softdep, *builtin;
};
int module_index_parse(const struct module_texts *texts, struct module_index *ret,
		       struct error *err);
void module_index_done(struct module_index *m);
#define _cleanup_module_index_ _cleanup_(module_index_done)

/* Adds to *paths (sorted, each once) the files of the modules that `name` stands for,
 * with all they need, soft dependencies included. `name` is a module's name ('-' is '_'),
 * one with wildcards, or an alias such as "crypto-crc32c". Returns how many modules it
 * stands for; 0 also for what is built into the kernel when `ret_builtin` says so. */
size_t module_index_add(const struct module_index *m, const char *name, char ***paths,
			bool *ret_builtin);
