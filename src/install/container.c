/* SPDX-License-Identifier: MIT */
/* The header of the encrypted volume of an installation. */
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "image/luks.h"
#include "install/container.h"
#include "install/write.h"

static char *header_file(const struct container *c)
{
	return xasprintf("%s/header.img", c->directory);
}

int container_prepare(const struct container *c, struct secret **ret_key,
		      struct error *err)
{
	_cleanup_free_ char *path = header_file(c);
	const struct luks_options o = {
		.path = path, .password = c->password, .keymap = c->keymap};
	_cleanup_secret_ struct secret *key = NULL;
	int r = luks_format(&o, &key, err);

	if (r == 0 && c->answers)
		r = leave_answers(c->answers, path, err);
	if (r == 0)
		*ret_key = TAKE_PTR(key);
	return r;
}

int container_write(const struct container *c, struct error *err)
{
	_cleanup_free_ char *path = header_file(c);
	_cleanup_close_ int disk = open(c->disk, O_WRONLY | O_CLOEXEC);
	int r;

	if (disk < 0)
		return fail(err, -errno, "Can't open %s: %m", c->disk);
	r = write_region(disk, c->region.start, path, LUKS_DATA_OFFSET, LUKS_DATA_OFFSET,
			 err);
	unlink(path);
	if (r == 0 && fsync(disk) < 0)
		r = fail(err, -errno, "Can't write %s: %m", c->disk);
	return r;
}
