/* SPDX-License-Identifier: MIT */
/* apt in a directory of its own: Debian's packages as the mirror has them now, and which
 * of them a list of names needs. Touches nothing of the machine's own apt. */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "atomos/apt-text.h"
#include "atomos/lock.h"

/* A Packages index is 57 MB for Debian 13's main. */
#define APT_LIST_MAX (512U << 20)
#define APT_DEB_MAX (4ULL << 30)

struct apt_repository {
	char *name; /* main, security, or what the configuration calls it */
	char *uri;  /* without slash at the end */
	char *suite, *components;
	char *key; /* file with its OpenPGP keys */
};

struct apt_entry {
	const char *name; /* not NUL-terminated */
	size_t name_size;
	struct stanza stanza;
	const struct apt_repository *repository;
};

struct apt {
	char *directory;
	int lock; /* held as long as this is open */
	struct apt_repository *repositories;
	size_t count, capacity;
	char **texts; /* the Packages files, which `entries` point into */
	size_t text_count;
	struct apt_entry
		*entries; /* sorted by name; repositories don't change any more */
	size_t entry_count, entry_capacity;
	uint64_t date; /* of the newest Release file */
};

/* Where Debian's own repositories are. */
struct apt_mirrors {
	char *main, *security; /* without slash at the end; security may be NULL */
};

/* From the lines "URI SUITE COMPONENT" of `apt-get indextargets`: those of `suite` first,
 * else those of another Debian suite on the same mirror. -ENOENT when there is none. */
int apt_mirrors_choose(const char *lines, const char *suite, struct apt_mirrors *ret);
/* As this machine's apt is configured; what `configured` has (members may be NULL) goes
 * before. A configured main mirror alone has its security mirror beside it
 * ("…-security"). */
int apt_mirrors_find(const struct apt_mirrors *configured, const char *suite,
		     struct apt_mirrors *ret, struct error *err);
void apt_mirrors_done(struct apt_mirrors *m);
#define _cleanup_apt_mirrors_ _cleanup_(apt_mirrors_done)

/* Makes the private directory in the cache, waiting for another atomos to leave it. */
int apt_open(struct apt *ret, struct error *err);
/* Takes over the strings. */
void apt_add_repository(struct apt *a, struct apt_repository *r);
/* Writes the sources, fetches the lists (checked with the repositories' keys), reads
 * them. */
int apt_update(struct apt *a, struct error *err);
void apt_done(struct apt *a);
#define _cleanup_apt_ _cleanup_(apt_done)

/* What is taken as given when names are resolved. */
struct apt_resolve {
	char *const *names;	      /* NAME, NAME=VERSION, patterns, /path/to.deb */
	const struct lock *installed; /* packages that are there and stay; may be NULL */
	const struct lock *pinned;    /* versions to prefer; may be NULL */
};

/* Adds to `to` what the names need beside what is installed: sorted, with hashes and
 * layer base. -ENOPKG when a name is unknown (the nearest ones are named) or the packages
 * don't fit (apt's reason), -EXDEV when an installed package would have to change. */
int apt_resolve(struct apt *a, const struct apt_resolve *q, struct lock *to,
		struct error *err);

/* The stanza of exactly this version (NULL: any), or NULL. */
const struct apt_entry *apt_find(const struct apt *a, const char *name,
				 const char *version);
/* The stanza whose file is at exactly this (decoded) URI, or NULL. */
const struct apt_entry *apt_find_uri(const struct apt *a, const char *uri);
/* Environment for base/process that makes apt use the private directory; the caller
 * frees. */
char **apt_environment(const struct apt *a);
/* Up to three names near to `name`, ", "-joined; NULL when none is near. Freed by the
 * caller. */
char *apt_nearest(const struct apt *a, const char *name);
