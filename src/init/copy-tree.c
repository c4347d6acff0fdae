/* SPDX-License-Identifier: MIT */
/* Copies a small tree into memory. */
#include <dirent.h>
#include <errno.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/copy-tree.h"

#define BYTES_MAX (1LL << 30)
#define ENTRIES_MAX 100000
#define DEPTH_MAX 16
#define MODE_KEPT 0777

struct budget {
	long long bytes;
	unsigned entries, depth;
};

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -EBADF;
	int r;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_fd(in, out);
	if (r < 0)
		return r;
	if (fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & MODE_KEPT) < 0)
		return -errno;
	return 0;
}

static int copy_symlink(int from, int to, const char *name)
{
	_cleanup_free_ char *target = NULL;
	int r = readlink_at(from, name, &target);

	if (r < 0)
		return r;
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_level(int from, int to, struct budget *b);

static int copy_directory(int from, int to, const char *name, struct budget *b)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int in = openat(from, name, flags), out = -EBADF;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, flags);
	if (out < 0)
		return -errno;
	if (b->depth++ == DEPTH_MAX)
		return -ELOOP;
	r = copy_level(in, out, b);
	b->depth--;
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0 ||
	    fchmod(out, st.st_mode & MODE_KEPT) < 0)
		return -errno;
	return 0;
}

static int copy_entry(int from, int to, const char *name, struct budget *b)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (b->entries++ == ENTRIES_MAX)
		return -EFBIG;
	if (S_ISDIR(st.st_mode))
		return copy_directory(from, to, name, b);
	if (S_ISLNK(st.st_mode))
		return copy_symlink(from, to, name);
	if (!S_ISREG(st.st_mode))
		return 0;
	b->bytes += st.st_size;
	return b->bytes > BYTES_MAX ? -EFBIG : copy_file(from, to, name, &st);
}

static int copy_level(int from, int to, struct budget *b)
{
	int again = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_cleanup_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;

	if (!d)
		return -errno;
	while (r == 0 && (e = readdir(d)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = copy_entry(from, to, e->d_name, b);
	return r;
}

int copy_tree(int from, int to)
{
	struct budget b = {0};

	return copy_level(from, to, &b);
}
