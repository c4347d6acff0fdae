/* SPDX-License-Identifier: MIT */
/* An image file mounted through a loop device for a moment. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "image/mount.h"

int loop_mount(const char *path, bool read_only, struct loop_mount *ret,
	       struct error *err)
{
	char name[] = "/tmp/atomos-mount.XXXXXX";
	const char *const argv[] = {"mount",
				    "-t",
				    "btrfs",
				    "-o",
				    read_only ? "loop,ro,nosuid,nodev,noexec"
					      : "loop,nosuid,nodev,noexec",
				    path,
				    name,
				    NULL};
	_cleanup_free_ char *output = NULL;
	int r;

	*ret = (struct loop_mount){0};
	/* Seen by this thread and what it starts only, and gone with them whatever
	 * happens. */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail(err, -errno, "Can't mount %s: %m", path);
	if (!mkdtemp(name))
		return fail(err, -errno, "Can't make a directory in /tmp: %m");
	r = process_check(&(struct process){.argv = argv}, &output, NULL, err);
	if (r < 0) {
		rmdir(name);
		return r;
	}
	ret->directory = xstrdup(name);
	return 0;
}

int loop_unmount(struct loop_mount *m, struct error *err)
{
	_cleanup_free_ char *directory = TAKE_PTR(m->directory);

	if (!directory)
		return 0;
	/* The loop device frees itself (autoclear) with the last user. */
	if (umount2(directory, UMOUNT_NOFOLLOW) < 0)
		return fail(err, -errno, "Can't unmount %s: %m", directory);
	rmdir(directory);
	return 0;
}
