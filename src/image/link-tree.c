/* SPDX-License-Identifier: MIT */
/* A second appearance of a tree, by hard links. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/str.h"
#include "image/link-tree.h"

static int copy_file(int from, const char *from_name, int to, const char *to_name,
		     const struct stat *st)
{
	_cleanup_close_ int in =
		openat(from, from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -EBADF;
	const struct timespec times[] = {st->st_atim, st->st_mtim};
	int r;

	if (in < 0)
		return -errno;
	out = openat(to, to_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_fd(in, out);
	if (r < 0)
		return r;
	if (fchmod(out, st->st_mode & 07777) < 0 || futimens(out, times) < 0)
		return -errno;
	return 0;
}

static int copy_symlink(int from, const char *from_name, int to, const char *to_name,
			const struct stat *st)
{
	const struct timespec times[] = {st->st_atim, st->st_mtim};
	char *target = NULL;
	int r = readlink_at(from, from_name, &target);

	if (r < 0)
		return r;
	r = symlinkat(target, to, to_name) < 0 ? -errno : 0;
	free(target);
	if (r == 0 && utimensat(to, to_name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

static int link_directory(int from, const char *from_name, int to, const char *to_name,
			  const struct stat *st)
{
	_cleanup_close_ int out = -EBADF;
	_cleanup_closedir_ DIR *d = NULL;
	const struct timespec times[] = {st->st_atim, st->st_mtim};
	int in = openat(from, from_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;

	if (in < 0)
		return -errno;
	d = fdopendir(in);
	if (mkdirat(to, to_name, 0700) < 0)
		return -errno;
	out = openat(to, to_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!d || out < 0)
		return -errno;
	for (errno = 0; (e = readdir(d)); errno = 0) {
		int r;

		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		r = link_tree(dirfd(d), e->d_name, out, e->d_name);
		if (r < 0)
			return r;
	}
	if (errno)
		return -errno;
	if (fchmod(out, st->st_mode & 07777) < 0 || futimens(out, times) < 0)
		return -errno;
	return 0;
}

int link_tree(int from, const char *from_name, int to, const char *to_name)
{
	struct stat st;

	if (fstatat(from, from_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return link_directory(from, from_name, to, to_name, &st);
	if (linkat(from, from_name, to, to_name, 0) == 0)
		return 0;
	if (errno != EXDEV && errno != EMLINK && errno != EPERM)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return copy_symlink(from, from_name, to, to_name, &st);
	return S_ISREG(st.st_mode) ? copy_file(from, from_name, to, to_name, &st)
				   : -EINVAL;
}
