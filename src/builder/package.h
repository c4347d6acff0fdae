/* SPDX-License-Identifier: MIT */
/* One unpacked package path and what dpkg wants to know of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/manifest.h"

struct package {
	char *base; /* store basename: HASH-NAME */
	char *name, *architecture;
	char *info;	  /* name of its files in /var/lib/dpkg/info: NAME or NAME:ARCH */
	char *control;	  /* the whole stanza */
	char **conffiles; /* paths */
	char **conffile_lines; /* the same for the status: with flags, and more */
	char **replaces;       /* names only */
	char **control_files;  /* sorted names in control/, without "control" */
	bool essential;
	bool first; /* Essential: yes or Priority: required: configured before the others
		     */
	struct manifest files;
};

struct packages {
	struct package *list; /* sorted by name */
	size_t count;
};

/* Reads the packages whose store paths stand in `paths`, one a line, below the store that
 * is open as store_fd. Released by packages_done. `err` names the package. */
int packages_load(int store_fd, const char *paths, struct packages *ret,
		  struct error *err);
void packages_done(struct packages *p);
#define _cleanup_packages_ _cleanup_(packages_done)

/* The value of a field in a control stanza (continuation lines included), freed by the
 * caller; NULL when it is not there. Field names have no case. */
char *control_field(const char *stanza, const char *field);
/* The names of a relation field such as Replaces, without versions and architectures. */
char **control_names(const char *relation);

/* Reads CONTROL/NAME of a package; freed by the caller. -ENOENT without words when it
 * isn't there. */
int package_read_control(int store_fd, const struct package *p, const char *name,
			 char **ret);
