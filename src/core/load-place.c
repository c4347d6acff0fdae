/* SPDX-License-Identifier: MIT */
/* Writes verified bytes into the root, with owner, attributes, mode and time. */
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "core/load-plan.h"

void placer_init(struct placer *p, int root)
{
	*p = (struct placer){.root = root, .directory = -EBADF};
}

static void close_files(struct placer *p)
{
	for (size_t i = 0; i < p->file_count; i++)
		close_fdp(&p->files[i]);
	p->file_count = 0;
}

void placer_done(struct placer *p)
{
	close_files(p);
	close_fdp(&p->directory);
	free(p->directory_path);
	free(p->files);
	placer_init(p, -EBADF);
}

/* There is no symlink in the root yet; if there were one, it would not be followed. */
static int open_directory(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* The last directory is kept open: files of one directory follow each other. */
static int enter_directory(struct placer *p, const char *path, size_t length)
{
	if (p->directory >= 0 && p->directory_length == length &&
	    memcmp(p->directory_path, path, length) == 0)
		return 0;
	close_fdp(&p->directory);
	free(p->directory_path);
	p->directory_path = xstrndup(path, length);
	p->directory_length = length;
	p->directory = open_directory(p->root, length ? p->directory_path + 1 : ".");
	return p->directory < 0 ? -errno : 0;
}

static int create(struct placer *p, const struct manifest_entry *e, struct error *err)
{
	const char *slash = strrchr(e->path, '/');
	int r = enter_directory(p, e->path, (size_t)(slash - e->path)), fd;

	if (r < 0)
		return fail(err, r, "%s can't be made in the root: %s", e->path,
			    strerror(-r));
	fd = openat(p->directory, slash + 1,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, e->mode & 0777);
	if (fd < 0)
		return fail(err, -errno, "%s can't be made in the root: %m", e->path);
	p->files = xgrow(p->files, p->file_count, &p->file_capacity, sizeof(*p->files));
	p->files[p->file_count++] = fd;
	return 0;
}

int placer_begin(struct placer *p, struct placement *first, size_t count,
		 struct error *err)
{
	int r = 0;

	close_files(p);
	p->first = first;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = create(p, first[i].entry, err);
	return r;
}

int placer_data(struct placer *p, const void *data, size_t size, struct error *err)
{
	for (size_t i = 0; i < p->file_count; i++) {
		int r = write_full(p->files[i], data, size);

		if (r == -ENOSPC)
			return fail(err, r,
				    "The root in memory is full at %s: this system needs "
				    "more memory",
				    p->first[i].entry->path);
		if (r < 0)
			return fail(err, r, "%s can't be written into the root: %s",
				    p->first[i].entry->path, strerror(-r));
	}
	return 0;
}

int apply_metadata(int fd, const struct manifest_entry *e, struct error *err)
{
	struct timespec times[2] = {{.tv_sec = e->mtime}, {.tv_sec = e->mtime}};

	/* chown takes away setuid bits and capabilities: it goes first. */
	if ((e->uid || e->gid) && fchown(fd, e->uid, e->gid) < 0)
		return fail(err, -errno, "%s can't be given its owner: %m", e->path);
	for (size_t i = 0; i < e->xattr_count; i++)
		if (fsetxattr(fd, e->xattrs[i].name, e->xattrs[i].value,
			      e->xattrs[i].size, 0) < 0)
			return fail(err, -errno, "%s can't be given its attribute %s: %m",
				    e->path, e->xattrs[i].name);
	/* Files and directories are made with the other bits, under umask 0. */
	if ((e->mode & 07000) && fchmod(fd, e->mode & 07777) < 0)
		return fail(err, -errno, "%s can't be given its mode: %m", e->path);
	if (futimens(fd, times) < 0)
		return fail(err, -errno, "%s can't be given its time: %m", e->path);
	return 0;
}

int placer_end(struct placer *p, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->file_count; i++) {
		r = apply_metadata(p->files[i], p->first[i].entry, err);
		p->first[i].delivered = r == 0;
	}
	close_files(p);
	return r;
}
