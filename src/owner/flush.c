/* SPDX-License-Identifier: MIT */
/* State and homes, written out. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "owner/flush.h"

static int flush(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return fail(err, -errno, "%s can't be written: %m", path);
	return 0;
}

int disk_flush(struct error *err)
{
	int r = flush("/run/atomos/state", err);

	return r < 0 ? r : flush("/home", err);
}
