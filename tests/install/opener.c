/* SPDX-License-Identifier: MIT */
/* Encrypted volumes without device-mapper. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "opener.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"

int opener_prepare(struct error *err)
{
	return mount("tmpfs", MAPPER, "tmpfs", 0, NULL) < 0
		       ? fail(err, -errno, "Can't hide " MAPPER ": %m")
		       : 0;
}

static int ask(const char *const *argv, char **ret, struct error *err)
{
	int r = process_check(&(struct process){.argv = argv}, ret, NULL, err);

	if (r == 0)
		(*ret)[strcspn(*ret, "\n")] = 0;
	return r;
}

int opener_open(const char *name, uint64_t start, uint64_t size, struct error *err)
{
	_cleanup_free_ char *from = xasprintf("%" PRIu64, start),
			    *length = xasprintf("%" PRIu64, size),
			    *path = xasprintf(MAPPER "/%s", name);
	const char *const argv[] = {getenv("OPENER"), "open", from, length, NULL};
	_cleanup_free_ char *device = NULL;
	int r = ask(argv, &device, err);

	if (r < 0)
		return r;
	return symlink(device, path) < 0
		       ? fail(err, -errno, "Can't name %s %s: %m", device, path)
		       : 0;
}

int opener_close(const char *name, struct error *err)
{
	_cleanup_free_ char *path = xasprintf(MAPPER "/%s", name), *device = NULL,
			    *output = NULL;
	const char *argv[] = {getenv("OPENER"), "close", NULL, NULL};

	if (readlink_at(AT_FDCWD, path, &device) < 0)
		return 0;
	if (unlink(path) < 0)
		return fail(err, -errno, "%s: %m", path);
	argv[2] = device;
	return ask(argv, &output, err);
}
