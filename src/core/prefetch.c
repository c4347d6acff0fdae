/* SPDX-License-Identifier: MIT */
/* Reading ahead, path by path. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"
#include "core/prefetch.h"

/* A descriptor for each; what lies deeper is left to who reads it. */
#define DEPTH_MAX 64

struct walk {
	prefetch_step step;
	void *context;
};

static bool prefetch_at(int dirfd, const char *name, unsigned depth, struct walk *w);

/* In the directory's own order, which costs no memory however many names there are. Takes
 * the descriptor. */
static bool prefetch_directory(int fd, unsigned depth, struct walk *w)
{
	_cleanup_closedir_ DIR *d = fdopendir(fd);
	const struct dirent *e;
	bool go = true;

	if (!d)
		close(fd);
	while (go && d && (e = readdir(d)))
		if (e->d_type != DT_LNK && !streq(e->d_name, ".") &&
		    !streq(e->d_name, ".."))
			go = prefetch_at(fd, e->d_name, depth + 1, w);
	return go;
}

static bool prefetch_at(int dirfd, const char *name, unsigned depth, struct walk *w)
{
	_cleanup_close_ int fd = openat(
		dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	uint64_t size;

	if (fd < 0 || fstat(fd, &st) < 0 || depth > DEPTH_MAX)
		return true;
	if (S_ISDIR(st.st_mode))
		return prefetch_directory(TAKE_FD(fd), depth, w);
	if (!S_ISREG(st.st_mode))
		return true;
	/* Of a file without end no more is asked for. */
	size = MIN((uint64_t)st.st_size, (uint64_t)PREFETCH_FILE_MAX);
	posix_fadvise(fd, 0, (off_t)size, POSIX_FADV_WILLNEED);
	return w->step(w->context, size);
}

bool prefetch_path(int store, const char *base, prefetch_step step, void *context)
{
	struct walk w = {step, context};

	return prefetch_at(store, base, 0, &w);
}
