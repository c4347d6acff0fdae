/* SPDX-License-Identifier: MIT */
/* Copies verified paths into another store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/workers.h"
#include "core/store-sink.h"

#define FILE_MODE 0444
#define EXECUTABLE_MODE 0555
#define STORE_TIME 1

static const struct timespec times[] = {{.tv_sec = STORE_TIME}, {.tv_sec = STORE_TIME}};

/* One worker's path: written under a name that no store path has. */
struct writer {
	int store;
	const char *base; /* NULL: no path at hand */
	char *name;	  /* of the unfinished copy */
	char **directories;
	size_t count,
		capacity; /* of `directories`, which must be told their times last */
	int file;
	bool executable;
};

struct copy {
	struct writer *writers;
};

static void writer_end(struct writer *w)
{
	close_fdp(&w->file);
	w->file = -EBADF;
	for (size_t i = 0; i < w->count; i++)
		free(w->directories[i]);
	w->count = 0;
	free(TAKE_PTR(w->name));
	w->base = NULL;
}

static void writers_done(struct writer *writers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct writer *w = &writers[i];

		/* What was begun and is not as signed. */
		if (w->name)
			remove_tree_at(w->store, w->name);
		writer_end(w);
		free(w->directories);
	}
	free(writers);
}

static char *inside(const struct writer *w, const char *path)
{
	return xasprintf("%s%s%s", w->name, *path ? "/" : "", path);
}

static int cannot_write(const struct writer *w, const char *path, int code,
			struct error *err)
{
	return fail(err, code, "Can't write " STORE_DIR "/%s%s%s: %s", w->base,
		    *path ? "/" : "", path, strerror(-code));
}

static int write_directory(void *context, const char *path, struct error *err)
{
	struct writer *w = context;
	char *name = inside(w, path);

	w->directories =
		xgrow(w->directories, w->count, &w->capacity, sizeof(*w->directories));
	w->directories[w->count++] = name;
	return mkdirat(w->store, name, 0700) < 0 ? cannot_write(w, path, -errno, err) : 0;
}

static int write_symlink(void *context, const char *path, const char *target,
			 struct error *err)
{
	struct writer *w = context;
	_cleanup_free_ char *name = inside(w, path);

	if (symlinkat(target, w->store, name) < 0 ||
	    utimensat(w->store, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_write(w, path, -errno, err);
	return 0;
}

static int write_begin(void *context, const char *path, uint64_t size, bool executable,
		       struct error *err)
{
	struct writer *w = context;
	_cleanup_free_ char *name = inside(w, path);

	w->executable = executable;
	w->file = openat(w->store, name,
			 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return w->file < 0 ? cannot_write(w, path, -errno, err) : 0;
}

static int write_data(void *context, const void *data, size_t size, struct error *err)
{
	struct writer *w = context;
	int r = write_full(w->file, data, size);

	return r < 0 ? cannot_write(w, "", r, err) : 0;
}

static int write_end(void *context, struct error *err)
{
	struct writer *w = context;
	_cleanup_close_ int file = TAKE_FD(w->file);

	if (fchmod(file, w->executable ? EXECUTABLE_MODE : FILE_MODE) < 0 ||
	    futimens(file, times) < 0)
		return cannot_write(w, "", -errno, err);
	/* The disk works from now on, not only when the caller makes all durable. */
	(void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static int path_begin(void *context, const struct path_info *path, unsigned worker,
		      void **ret_context, struct error *err)
{
	struct copy *c = context;
	struct writer *w = &c->writers[worker];
	int r;

	w->base = path->base;
	w->name = xasprintf(".new-%s", path->base);
	*ret_context = w;
	/* What an interrupted copy left. */
	r = remove_tree_at(w->store, w->name);
	return r < 0 ? cannot_write(w, "", r, err) : 0;
}

/* The path is as signed. */
static int path_end(void *context, void *path_context, struct error *err)
{
	struct writer *w = path_context;

	/* The inner ones first: making one in it changes the time of the outer. */
	for (size_t i = w->count; i-- > 0;)
		if (fchmodat(w->store, w->directories[i], EXECUTABLE_MODE, 0) < 0 ||
		    utimensat(w->store, w->directories[i], times, AT_SYMLINK_NOFOLLOW) <
			    0)
			return cannot_write(w, "", -errno, err);
	if (renameat2(w->store, w->name, w->store, w->base, RENAME_NOREPLACE) < 0)
		return cannot_write(w, "", -errno, err);
	writer_end(w);
	return 0;
}

static const struct nar_sink nar_sink = {
	.directory = write_directory,
	.symlink = write_symlink,
	.file_begin = write_begin,
	.file_data = write_data,
	.file_end = write_end,
};

int store_copy(const struct engine *e, const struct trusted_closure *closure, int target,
	       struct engine_result *ret, struct error *err)
{
	unsigned threads = e->threads ? e->threads : workers_default();
	unsigned count = threads + e->prefetch;
	struct copy c = {.writers = xcalloc(count, sizeof(*c.writers))};
	const struct engine_sink sink = {&nar_sink, path_begin, path_end, &c};
	struct engine with_threads = *e;
	int r;

	with_threads.threads = threads;
	for (unsigned i = 0; i < count; i++)
		c.writers[i] = (struct writer){.store = target, .file = -EBADF};
	r = engine_run(&with_threads, closure, 0, &sink, ret, err);
	writers_done(c.writers, count);
	return r;
}
