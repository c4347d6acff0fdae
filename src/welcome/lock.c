/* SPDX-License-Identifier: MIT */
/* One console at a time. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/lock.h"

#define NAME_LENGTH 64
#define PID_SUFFIX ".pid"

static int put(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	int r = make_parents_at(AT_FDCWD, path);

	return r < 0 ? r : write_file_at(AT_FDCWD, path, text, strlen(text), 0600);
}

void lock_register(const char *directory, const char *console)
{
	_cleanup_free_ char *name = xasprintf("%s" PID_SUFFIX, console),
			    *text = xasprintf("%ld\n", (long)getpid());

	(void)put(directory, name, text);
}

static int open_lock(const char *directory, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	int r = make_parents_at(AT_FDCWD, path), fd;

	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int lock_take(const char *directory, const char *console, bool wait, char **ret_holder)
{
	_cleanup_close_ int fd = open_lock(directory, "lock");
	int r;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0) {
		char name[NAME_LENGTH + 1] = "";
		ssize_t n = pread(fd, name, NAME_LENGTH, 0);

		r = -errno;
		name[MAX(n, 0)] = 0;
		if (ret_holder)
			*ret_holder = xstrdup(n > 0 ? name : "another console");
		return r;
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, console, strlen(console), 0) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int lock_show(const char *directory)
{
	_cleanup_close_ int fd = open_lock(directory, "shown");

	if (fd < 0)
		return fd;
	return flock(fd, LOCK_SH) < 0 ? -errno : TAKE_FD(fd);
}

bool lock_is_last(int shown)
{
	return flock(shown, LOCK_EX | LOCK_NB) == 0;
}

static void end(const char *directory, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name), *text = NULL;
	uint64_t pid;

	if (read_file_at(AT_FDCWD, path, NAME_LENGTH, &text, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = 0;
	if (parse_u64(text, &pid) == 0 && pid > 1 && (pid_t)pid != getpid())
		(void)kill((pid_t)pid, SIGTERM);
}

void lock_done(const char *directory, const char *console)
{
	_cleanup_closedir_ DIR *d = opendir(directory);

	(void)put(directory, "done", console);
	for (struct dirent *e; d && (e = readdir(d));)
		if (endswith(e->d_name, PID_SUFFIX))
			end(directory, e->d_name);
}

bool lock_is_done(const char *directory)
{
	_cleanup_free_ char *path = xasprintf("%s/done", directory);

	return access(path, F_OK) == 0;
}
