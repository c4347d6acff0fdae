/* SPDX-License-Identifier: MIT */
/* Makes the files, directories and links of a manifest in an empty tree. */
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/workers.h"
#include "builder/place.h"

/* Files of one task: enough to keep the threads from waiting for each other. */
#define FILES_PER_TASK 64

struct work {
	const struct placing *how;
	const struct manifest *manifest;
	struct origins *origins;
	const size_t *files; /* indexes of the regular files */
	size_t file_count;
};

static int cant(struct error *err, const struct manifest_entry *e)
{
	int r = -errno;

	return fail(err, r, "%s can't be placed in the root: %s", e->path, strerror(-r));
}

/* The directory of a path, symlinks resolved inside of the tree, and its last name. */
static int open_parent(int root_fd, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = xstrndup(path, (size_t)(slash - path));
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT};

	*ret_name = slash + 1;
	return (int)syscall(SYS_openat2, root_fd, *parent ? parent : "/", &how,
			    sizeof(how));
}

static int make_missing_parents(int root_fd, const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		_cleanup_close_ int fd = -EBADF;
		const char *name;

		*p = 0;
		fd = open_parent(root_fd, copy, &name);
		if (fd < 0 || (mkdirat(fd, name, 0755) < 0 && errno != EEXIST))
			return -1;
		*p = '/';
	}
	return 0;
}

static int open_or_make_parent(int root_fd, const char *path, const char **ret_name)
{
	int fd = open_parent(root_fd, path, ret_name);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (make_missing_parents(root_fd, path) < 0)
		return -1;
	return open_parent(root_fd, path, ret_name);
}

static int place_directory(int root_fd, const struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int fd = -EBADF, parent = -EBADF;
	const char *name;

	if (streq(e->path, "/"))
		return fchmod(root_fd, e->mode & 07777) < 0 ||
				       fchown(root_fd, e->uid, e->gid) < 0
			       ? cant(err, e)
			       : 0;
	parent = open_or_make_parent(root_fd, e->path, &name);
	if (parent < 0 || (mkdirat(parent, name, 0700) < 0 && errno != EEXIST))
		return cant(err, e);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, e->uid, e->gid) < 0 || fchmod(fd, e->mode & 07777) < 0)
		return cant(err, e);
	for (uint32_t i = 0; i < e->xattr_count; i++)
		if (fsetxattr(fd, e->xattrs[i].name, e->xattrs[i].value,
			      e->xattrs[i].size, 0) < 0)
			return cant(err, e);
	return 0;
}

static int place_symlink(int root_fd, const struct manifest_entry *e, struct error *err)
{
	const struct timespec times[2] = {{.tv_sec = e->mtime}, {.tv_sec = e->mtime}};
	_cleanup_close_ int parent = -EBADF;
	const char *name;

	parent = open_or_make_parent(root_fd, e->path, &name);
	if (parent < 0 || symlinkat(e->payload, parent, name) < 0 ||
	    fchownat(parent, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return cant(err, e);
	return 0;
}

static int place_hardlink(int root_fd, const struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int parent = -EBADF, first = -EBADF;
	const char *name, *first_name;

	parent = open_or_make_parent(root_fd, e->path, &name);
	if (parent < 0)
		return cant(err, e);
	first = open_parent(root_fd, e->payload, &first_name);
	if (first < 0 || linkat(first, first_name, parent, name, 0) < 0)
		return cant(err, e);
	return 0;
}

/* A pipe or device; a root seldom has one. */
static int place_special(int root_fd, const struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int parent = -EBADF;
	const char *name;

	parent = open_or_make_parent(root_fd, e->path, &name);
	if (parent < 0 || mknodat(parent, name, e->mode, e->rdev) < 0 ||
	    fchownat(parent, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(parent, name, e->mode & 07777, 0) < 0)
		return cant(err, e);
	return 0;
}

static int fill_file(int store_fd, int fd, const struct manifest_entry *e,
		     struct error *err)
{
	_cleanup_close_ int in = -EBADF;
	int r;

	if (!e->payload)
		return 0;
	in = openat(store_fd, e->payload, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return fail(err, -errno, "The store file %s can't be read: %s",
			    e->payload, strerror(errno));
	r = copy_fd(in, fd);
	if (r < 0)
		return fail(err, r, "%s can't be copied to %s: %s", e->payload, e->path,
			    strerror(-r));
	return 0;
}

/* Owner before mode and capabilities: a change of owner takes both away. */
static int dress_file(int fd, const struct manifest_entry *e, struct error *err)
{
	const struct timespec times[2] = {{.tv_sec = e->mtime}, {.tv_sec = e->mtime}};

	if (((e->uid || e->gid) && fchown(fd, e->uid, e->gid) < 0) ||
	    fchmod(fd, e->mode & 07777) < 0)
		return cant(err, e);
	for (uint32_t i = 0; i < e->xattr_count; i++)
		if (fsetxattr(fd, e->xattrs[i].name, e->xattrs[i].value,
			      e->xattrs[i].size, 0) < 0)
			return cant(err, e);
	return futimens(fd, times) < 0 ? cant(err, e) : 0;
}

static int place_file(const struct placing *how, const struct manifest_entry *e,
		      struct origin *ret, struct error *err)
{
	_cleanup_close_ int fd = -EBADF, parent = -EBADF;
	const char *name;
	struct stat st;
	int r;

	parent = open_or_make_parent(how->root_fd, e->path, &name);
	if (parent < 0)
		return cant(err, e);
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return cant(err, e);
	r = fill_file(how->store_fd, fd, e, err);
	if (r == 0)
		r = dress_file(fd, e, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return cant(err, e);
	*ret = (struct origin){st.st_ino, st.st_size, st.st_mtim, st.st_ctim, e};
	return 0;
}

static int place_files(void *context, size_t index, unsigned worker, struct error *err)
{
	struct work *w = context;
	size_t end = MIN(w->file_count, (index + 1) * FILES_PER_TASK);

	(void)worker;
	for (size_t i = index * FILES_PER_TASK; i < end; i++) {
		size_t entry = w->files[i];
		int r = place_file(w->how, &w->manifest->entries[entry],
				   &w->origins->list[entry], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_file(const struct manifest_entry *e)
{
	return S_ISREG(e->mode) && !e->hardlink;
}

enum pass { PASS_SYMLINKS, PASS_DIRECTORIES, PASS_OTHERS };

static int place_others(const struct placing *how, const struct manifest *m,
			enum pass pass, struct error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];
		int r = 0;

		if (S_ISDIR(e->mode) && pass == PASS_DIRECTORIES)
			r = place_directory(how->root_fd, e, err);
		else if (S_ISLNK(e->mode) && pass == PASS_SYMLINKS)
			r = place_symlink(how->root_fd, e, err);
		else if (e->hardlink && pass == PASS_OTHERS)
			r = place_hardlink(how->root_fd, e, err);
		else if (pass == PASS_OTHERS && !S_ISDIR(e->mode) && !S_ISLNK(e->mode) &&
			 !S_ISREG(e->mode))
			r = place_special(how->root_fd, e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int place_manifest(const struct placing *p, const struct manifest *m,
		   struct origins *ret_origins, struct error *err)
{
	_cleanup_free_ size_t *files = xcalloc(m->count + 1, sizeof(*files));
	_cleanup_origins_ struct origins origins = {.count = m->count};
	struct work w = {.how = p, .manifest = m, .origins = &origins, .files = files};
	int r;

	origins.list = xcalloc(m->count + 1, sizeof(*origins.list));
	for (size_t i = 0; i < m->count; i++)
		if (is_file(&m->entries[i]))
			files[w.file_count++] = i;
	r = place_others(p, m, PASS_DIRECTORIES, err);
	if (r == 0)
		r = place_others(p, m, PASS_SYMLINKS, err);
	if (r == 0)
		r = workers_run(p->threads,
				(w.file_count + FILES_PER_TASK - 1) / FILES_PER_TASK,
				place_files, &w, err);
	if (r == 0)
		r = place_others(p, m, PASS_OTHERS, err);
	if (r < 0)
		return r;
	origins_index(&origins);
	*ret_origins = TAKE_AS(origins, (struct origins){0});
	return 0;
}
