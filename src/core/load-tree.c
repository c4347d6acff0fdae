/* SPDX-License-Identifier: MIT */
/* The parts of a root without bytes: directories, links, nodes, empty files. */
#include <string.h>

#include "base/fd.h"
#include "base/workers.h"
#include "core/load-plan.h"

/* Entries of a task: enough that starting one costs nothing. */
#define BATCH 512

struct tree {
	int root;
	const struct manifest *m;
	int (*make)(int root, const struct manifest_entry *e, struct error *err);
};

/* The path for openat: without the first slash. */
static const char *relative(const struct manifest_entry *e)
{
	return e->path[1] ? e->path + 1 : ".";
}

static int cannot_make(const struct manifest_entry *e, struct error *err)
{
	return fail(err, -errno, "%s can't be made in the root: %m", e->path);
}

int tree_make_directories(int root, const struct manifest *m, struct error *err)
{
	for (size_t i = 1; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];

		if (!e->hardlink && S_ISDIR(e->mode) &&
		    mkdirat(root, relative(e), e->mode & 0777) < 0)
			return cannot_make(e, err);
	}
	return 0;
}

static int make_symlink(int root, const struct manifest_entry *e, struct error *err)
{
	struct timespec times[2] = {{.tv_sec = e->mtime}, {.tv_sec = e->mtime}};
	const char *path = relative(e);

	if (symlinkat(e->payload, root, path) < 0)
		return cannot_make(e, err);
	if ((e->uid || e->gid) &&
	    fchownat(root, path, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_make(e, err);
	if (utimensat(root, path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_make(e, err);
	return 0;
}

static int make_node(int root, const struct manifest_entry *e, struct error *err)
{
	struct timespec times[2] = {{.tv_sec = e->mtime}, {.tv_sec = e->mtime}};
	const char *path = relative(e);

	if (mknodat(root, path, e->mode & (S_IFMT | 07777), (dev_t)e->rdev) < 0 ||
	    fchownat(root, path, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(root, path, times, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_make(e, err);
	return 0;
}

static int make_empty(int root, const struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int fd = openat(
		root, relative(e), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		e->mode & 0777);

	return fd < 0 ? cannot_make(e, err) : apply_metadata(fd, e, err);
}

static int make_without_bytes(int root, const struct manifest_entry *e, struct error *err)
{
	if (e->hardlink || S_ISDIR(e->mode) || S_ISLNK(e->mode))
		return 0;
	if (S_ISREG(e->mode))
		return e->payload ? 0 : make_empty(root, e, err);
	return make_node(root, e, err);
}

static int make_link(int root, const struct manifest_entry *e, struct error *err)
{
	if (e->hardlink && linkat(root, e->payload + 1, root, relative(e), 0) < 0)
		return cannot_make(e, err);
	return 0;
}

/* After everything that walks paths in the root: nothing is ever made through one. */
static int make_if_symlink(int root, const struct manifest_entry *e, struct error *err)
{
	return !e->hardlink && S_ISLNK(e->mode) ? make_symlink(root, e, err) : 0;
}

static int finish_directory(int root, const struct manifest_entry *e, struct error *err)
{
	if (e->hardlink || !S_ISDIR(e->mode))
		return 0;

	_cleanup_close_ int fd = openat(root, relative(e),
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return cannot_make(e, err);
	/* The top was not made by us. */
	if (!e->path[1] && fchmod(fd, e->mode & 07777) < 0)
		return cannot_make(e, err);
	return apply_metadata(fd, e, err);
}

static int run_batch(void *context, size_t index, unsigned worker, struct error *err)
{
	struct tree *t = context;
	size_t end = MIN(t->m->count, (index + 1) * BATCH);
	int r = 0;

	for (size_t i = index * BATCH; r == 0 && i < end; i++)
		r = t->make(t->root, &t->m->entries[i], err);
	return r;
}

int tree_finish(int root, const struct manifest *m, unsigned threads, struct error *err)
{
	static int (*const passes[])(int, const struct manifest_entry *,
				     struct error *) = {
		make_without_bytes, make_link, make_if_symlink, finish_directory};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(passes); i++) {
		struct tree t = {root, m, passes[i]};

		r = workers_run(threads, (m->count + BATCH - 1) / BATCH, run_batch, &t,
				err);
	}
	return r;
}
