/* SPDX-License-Identifier: MIT */
/* A recovery key as a file. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "owner/recovery-file.h"

/* Where what is written of an overlay lies can't be told from outside: in a live system
 * it is memory. */
static bool is_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC ||
		fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* The name too: on FAT it is written later than the file. */
static int sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *directory =
		!slash ? xstrdup(".") : xstrndup(path, MAX((size_t)(slash - path), 1UL));
	_cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int recovery_file_write(const char *path, const struct secret *key, bool *ret_memory,
			struct error *err)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return fail(err, -errno, "The recovery key can't be written to %s: %m",
			    path);
	r = write_full(fd, key->data, key->size);
	if (r == 0)
		r = write_full(fd, "\n", 1);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = sync_directory(path);
	if (r < 0) {
		(void)unlink(path);
		return fail(err, r, "The recovery key can't be written to %s: %s", path,
			    strerror(-r));
	}
	*ret_memory = is_memory(fd);
	return 0;
}
