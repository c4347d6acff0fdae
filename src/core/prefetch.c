/* SPDX-License-Identifier: MIT */
/* Reading ahead, path by path. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/macro.h"
#include "core/prefetch.h"

/* As deep as a path may be for the walker that verifies it. */
#define DEPTH_MAX 64

struct walk {
	prefetch_step step;
	void *context;
};

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_name(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static bool prefetch_at(int dirfd, const char *name, unsigned depth, struct walk *w);

static bool prefetch_directory(int fd, unsigned depth, struct walk *w)
{
	struct dirent **list = NULL;
	int n = scandirat(fd, ".", &list, is_name, compare);
	bool go = true;

	for (int i = 0; i < n; i++) {
		if (go && list[i]->d_type != DT_LNK)
			go = prefetch_at(fd, list[i]->d_name, depth + 1, w);
		free(list[i]);
	}
	free(list);
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
		return prefetch_directory(fd, depth, w);
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
