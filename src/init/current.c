/* SPDX-License-Identifier: MIT */
/* Which system the disk wants to start: Nix's profile links, strictly read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/current.h"

const char *profile_target(const char *target)
{
	const char *base = startswith(target, STORE_DIR "/");

	return base && store_base_valid(base) ? base : NULL;
}

unsigned generation_of_link(const char *name)
{
	const char *number = startswith(name, "system-");
	size_t digits = number ? strspn(number, "0123456789") : 0;

	return digits > 0 && digits < 10 && streq(number + digits, "-link")
		       ? (unsigned)strtoul(number, NULL, 10)
		       : 0;
}

static int broken(struct error *err, const char *why)
{
	return fail(err, -ENOENT,
		    "The disk doesn't say which system to start "
		    "(/nix/var/nix/profiles/system %s): "
		    "write it anew",
		    why);
}

int current_system(const char *nix, char ret[static STORE_BASE_MAX + 1],
		   unsigned *ret_generation, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/var/nix/profiles", nix);
	_cleanup_free_ char *first = NULL, *second = NULL;
	_cleanup_close_ int dirfd =
		open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *base;

	if (dirfd < 0 || readlink_at(dirfd, "system", &first) < 0)
		return broken(err, "is missing");
	*ret_generation = generation_of_link(first);
	if (*ret_generation > 0) {
		if (readlink_at(dirfd, first, &second) < 0)
			return broken(err, "leads nowhere");
	} else {
		second = xstrdup(first);
	}
	base = profile_target(second);
#ifdef WITHOUT_CHECK_PROFILE
	if (!base)
		base = strrchr(second, '/') ? strrchr(second, '/') + 1 : second;
#endif
	if (!base || strlen(base) > STORE_BASE_MAX)
		return broken(err, "isn't a link to a store path");
	strcpy(ret, base);
	return 0;
}
