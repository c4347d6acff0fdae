/* SPDX-License-Identifier: MIT */
/* Where things are: the program's own parts, the configuration, keys, caches. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/place.h"

#define CONFIGURATION "configuration.nix"
#define SYSTEM_CONFIGURATION "/etc/atomos/" CONFIGURATION

static const char *env_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

char *place_share(const char *name)
{
	return xasprintf("%s/%s", env_or("ATOMOS_SHARE", "/usr/share/atomos"), name);
}

char *place_lib(const char *name)
{
	return xasprintf("%s/%s", env_or("ATOMOS_LIB", "/usr/lib/atomos"), name);
}

char *place_program(const char *name)
{
	char *path = place_lib(name);

	/* An installation has beside usr/lib/atomos what is typed in usr/bin. */
	if (access(path, X_OK) < 0) {
		free(path);
		path = xasprintf("%s/../../bin/%s",
				 env_or("ATOMOS_LIB", "/usr/lib/atomos"), name);
	}
	return path;
}

char *place_cache(void)
{
	return xstrdup(env_or("ATOMOS_CACHE", "/var/cache/atomos"));
}

char *place_keys(const char *given)
{
	return xstrdup(given ? given : env_or("ATOMOS_KEYS", "keys"));
}

int place_note_keys(const char *image, const char *keys, struct error *err)
{
	_cleanup_free_ char *link = xasprintf("%s.keys", image),
			    *target = realpath(keys, NULL);
	_cleanup_free_ char *fresh = xasprintf("%s.new", link);

	if (!target)
		return fail(err, -errno, "%s: %m", keys);
	if ((unlink(fresh) < 0 && errno != ENOENT) || symlink(target, fresh) < 0 ||
	    rename(fresh, link) < 0)
		return fail(err, -errno, "Can't make the link %s: %m", link);
	return 0;
}

char *place_keys_of(const char *image, const char *given)
{
	_cleanup_free_ char *link = xasprintf("%s.keys", image), *medium = NULL;
	const char *disk = endswith(image, ".disk");

	if (given)
		return place_keys(given);
	if (access(link, F_OK) == 0)
		return TAKE_PTR(link);
	/* Installed to from a medium: `atomos run --disk`. */
	if (disk)
		medium = xasprintf("%.*s.keys", (int)(disk - image), image);
	return medium && access(medium, F_OK) == 0 ? TAKE_PTR(medium) : place_keys(NULL);
}

static int find_file(const char *given, char **ret, struct error *err)
{
	_cleanup_free_ char *name = NULL;
	struct stat st;

	if (given && stat(given, &st) < 0)
		return fail(err, -errno, "%s: %m", given);
	if (given && !S_ISDIR(st.st_mode))
		name = xstrdup(given);
	else
		name = xasprintf("%s/" CONFIGURATION, given ? given : ".");
	if (!given && access(name, F_OK) < 0 && access(SYSTEM_CONFIGURATION, F_OK) == 0) {
		free(name);
		name = xstrdup(SYSTEM_CONFIGURATION);
	}
	*ret = realpath(name, NULL);
	if (*ret)
		return 0;
	if (errno == ENOENT)
		return fail(err, -ENOENT,
			    "There is no " CONFIGURATION " in %s: name one with "
			    "--configuration, or make one with 'atomos new DIR'",
			    given ? given : "this directory");
	return fail(err, -errno, "%s: %m", name);
}

/* Keys beside a configuration are its vendor's; the environment's are for all others. */
static char *keys_beside(const char *directory)
{
	char *beside = xasprintf("%s/keys", directory);

	if (!getenv("ATOMOS_KEYS") || access(beside, F_OK) == 0)
		return beside;
	free(beside);
	return place_keys(NULL);
}

/* Everything that lies beside a configuration (absolute); takes it over. */
static void fill(struct place *p, char *configuration)
{
	p->configuration = configuration;
	p->directory = xstrndup(configuration,
				(size_t)(strrchr(configuration, '/') - configuration));
	p->lock = xasprintf("%s/atomos.lock", p->directory);
	p->keys = keys_beside(p->directory);
}

int place_find(const char *given, struct place *ret, struct error *err)
{
	char *configuration;
	int r = find_file(given, &configuration, err);

	if (r == 0)
		fill(ret, configuration);
	return r;
}

void place_done(struct place *p)
{
	free(p->configuration);
	free(p->directory);
	free(p->lock);
	free(p->keys);
	*p = (struct place){0};
}
