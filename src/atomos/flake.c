/* SPDX-License-Identifier: MIT */
/* A configuration that is a flake, named DIRECTORY#NAME. */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/flake.h"

void flake_done(struct flake *f)
{
	free(f->reference);
	free(f->name);
	*f = (struct flake){0};
}

/* The directory with .git in it that `directory` is in, or NULL. */
static char *repository_of(const char *directory)
{
	_cleanup_free_ char *top = xstrdup(directory);

	while (*top) {
		_cleanup_free_ char *git = xasprintf("%s/.git", top);

		if (access(git, F_OK) == 0)
			return TAKE_PTR(top);
		*strrchr(top, '/') = 0;
	}
	return NULL;
}

static bool is_private(const char *name)
{
	return streq(name, "nix-secret-key") || streq(name, "db.key") ||
	       streq(name, "pcr.key") || streq(name, "pcr-old.key") ||
	       streq(name, "pcr-new.key");
}

/* A private key below `directory`, or NULL; freed by the caller. */
static char *find_private(char *directory)
{
	char *paths[] = {directory, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	char *found = NULL;
	FTSENT *e;

	while (walk && !found && (e = fts_read(walk)))
		if (e->fts_info == FTS_F && is_private(e->fts_name))
			found = xstrdup(e->fts_path);
	if (walk)
		fts_close(walk);
	return found;
}

static int make_reference(struct place *place, struct flake *f, struct error *err)
{
	_cleanup_free_ char *top = repository_of(place->directory), *key = NULL;

	if (top) {
		const char *below = place->directory + strlen(top);

		f->reference = xasprintf("git+file://%s?dir=%s", top,
					 *below == '/' ? below + 1 : below);
		return 0;
	}
	key = find_private(place->directory);
	if (key)
		return fail(
			err, -EPERM,
			"Nix would copy %s into the store, where everyone can read it: "
			"move the keys out of the flake (and set ATOMOS_KEYS), or make "
			"it a git repository",
			key);
	f->reference = xasprintf("path:%s", place->directory);
	return 0;
}

int flake_find(const char *typed, struct place *place, struct flake *ret,
	       struct error *err)
{
	const char *hash = strchr(typed, '#');
	_cleanup_free_ char *directory = NULL, *file = NULL;
	int r;

	if (!hash || !hash[1])
		return fail(err, -EINVAL,
			    "'%s' names no system of a flake: it is DIRECTORY#NAME, as "
			    ".#demo",
			    typed);
	directory = xstrndup(typed, (size_t)(hash - typed));
	file = xasprintf("%s/flake.nix", *directory ? directory : ".");
	r = place_find(file, place, err);
	if (r < 0)
		return r;
	ret->name = xstrdup(hash + 1);
	return make_reference(place, ret, err);
}
