/* SPDX-License-Identifier: MIT */
/* What an owner's disk keeps of a root that is made anew at each boot. */
#include <errno.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/copy-tree.h"
#include "init/kept.h"

/* Made under this name, so that a power cut leaves nothing half done. */
#define NEW_NAME ".atomos-new"
#define FILE_MAX (16U << 20)

static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve)
{
	const struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
				     .resolve = resolve};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int open_inside(int dirfd, const char *path, int flags)
{
	return open_resolved(dirfd, path, flags,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
				     RESOLVE_NO_MAGICLINKS);
}

static int refuse(struct error *err, int r, const char *path)
{
	return fail(err, r, "The kept /%s can't be used: %s", path, strerror(-r));
}

/* Opens the directory that holds `path` in the state, making what is missing; *ret_name
 * is its last part. */
static int open_parent(int state, const char *path, const char **ret_name)
{
	int at = open_inside(state, ".", O_RDONLY | O_DIRECTORY);
	const char *slash;

	while (at >= 0 && (slash = strchr(path, '/'))) {
		_cleanup_free_ char *part = xstrndup(path, (size_t)(slash - path));
		_cleanup_close_ int above = at;

		if (mkdirat(above, part, 0755) < 0 && errno != EEXIST)
			return -errno;
		at = open_inside(above, part, O_RDONLY | O_DIRECTORY);
		path = slash + strspn(slash, "/");
	}
	*ret_name = path;
	return at;
}

/* Fills the new directory from the root's, and gives it its name. */
static int make_directory(int parent, const char *name, int model)
{
	_cleanup_close_ int new = -EBADF;
	struct stat st;
	int r = remove_tree_at(parent, NEW_NAME);

	if (r < 0)
		return r;
	if (fstat(model, &st) < 0 || mkdirat(parent, NEW_NAME, 0700) < 0)
		return -errno;
	new = open_inside(parent, NEW_NAME, O_RDONLY | O_DIRECTORY);
	if (new < 0)
		return new;
	r = copy_tree(model, new);
	if (r < 0)
		return r;
	if (fchown(new, st.st_uid, st.st_gid) < 0 ||
	    fchmod(new, st.st_mode & 07777) < 0 ||
	    renameat(parent, NEW_NAME, parent, name) < 0)
		return -errno;
	return 0;
}

static int new_directory(int state, int root, const char *path)
{
	_cleanup_close_ int model = open_resolved(root, path, O_RDONLY | O_DIRECTORY,
						  RESOLVE_IN_ROOT),
			    parent = -EBADF;
	const char *name;

	if (model < 0)
		return model;
	parent = open_parent(state, path, &name);
	return parent < 0 ? parent : make_directory(parent, name, model);
}

static int new_file(int state, int root, const char *path)
{
	_cleanup_close_ int model = open_resolved(root, path, O_RDONLY, RESOLVE_IN_ROOT),
			    parent = -EBADF, out = -EBADF;
	struct stat st = {.st_mode = 0600};
	const char *name;
	int r;

	if (model >= 0 && fstat(model, &st) < 0)
		return -errno;
	if (model >= 0 && (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX))
		return -EINVAL;
	parent = open_parent(state, path, &name);
	if (parent < 0)
		return parent;
	r = remove_tree_at(parent, NEW_NAME);
	if (r < 0)
		return r;
	out = openat(parent, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = model < 0 ? 0 : copy_fd(model, out);
	if (r < 0)
		return r;
	if (fchown(out, st.st_uid, st.st_gid) < 0 || fchmod(out, st.st_mode & 0777) < 0 ||
	    fsync(out) < 0 || renameat(parent, NEW_NAME, parent, name) < 0)
		return -errno;
	return 0;
}

/* What is in the state, made after the root's model where it is missing. */
static int open_or_make(int state, int root, const char *path, int flags,
			int (*make)(int state, int root, const char *path))
{
	int fd = open_inside(state, path, flags), r;

	if (fd != -ENOENT)
		return fd;
	r = make(state, root, path);
	return r < 0 ? r : open_inside(state, path, flags);
}

int kept_directory(int state, int root, const char *path, int *ret_fd, struct error *err)
{
	int fd;

	path += strspn(path, "/");
	fd = open_or_make(state, root, path, O_PATH | O_DIRECTORY, new_directory);
	if (fd < 0)
		return refuse(err, fd, path);
	*ret_fd = fd;
	return 0;
}

int kept_file(int state, int root, const char *path, int *ret_fd, struct error *err)
{
	struct stat st;
	int fd;

	path += strspn(path, "/");
	fd = open_or_make(state, root, path, O_PATH, new_file);
	if (fd < 0)
		return refuse(err, fd, path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return refuse(err, -EINVAL, path);
	}
	*ret_fd = fd;
	return 0;
}

/* The place in the root, which the system's own symlinks may lead to. */
static int open_target(int root, const char *path, bool directory)
{
	int fd = open_resolved(root, path, O_PATH, RESOLVE_IN_ROOT), r;

	if (fd != -ENOENT || directory)
		return fd;
	r = make_parents_at(root, path);
	if (r == 0)
		r = write_file_at(root, path, "", 0, 0600);
	return r < 0 ? r : open_resolved(root, path, O_PATH, RESOLVE_IN_ROOT);
}

/* Its flags are set before anybody can see it. */
static int bind_at(int source, int target, bool execute)
{
	struct mount_attr flags = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
	_cleanup_close_ int tree = open_tree(
		source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (execute)
		flags.attr_clr = MOUNT_ATTR_NOEXEC;
	else
		flags.attr_set |= MOUNT_ATTR_NOEXEC;
	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH, &flags, sizeof(flags)) < 0 ||
	    move_mount(tree, "", target, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int kept_bind(int source, int root, const char *path, bool execute, struct error *err)
{
	_cleanup_close_ int target = -EBADF;
	struct stat st;
	int r;

	path += strspn(path, "/");
	if (fstat(source, &st) < 0)
		return refuse(err, -errno, path);
	target = open_target(root, path, S_ISDIR(st.st_mode));
	if (target < 0)
		return refuse(err, target, path);
	r = bind_at(source, target, execute);
	return r < 0 ? refuse(err, r, path) : 0;
}
