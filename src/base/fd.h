/* SPDX-License-Identifier: MIT */
/* File descriptors and whole files, always relative to a directory descriptor. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "macro.h"

static inline void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}
static inline void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_close_ _cleanup_(close_fdp)
#define _cleanup_closedir_ _cleanup_(closedirp)
#define _cleanup_fclose_ _cleanup_(fclosep)

/* Reads exactly `size` bytes, or up to end of file. Returns the count or a negative
 * errno. */
ssize_t read_full(int fd, void *buffer, size_t size);

/* Writes all of `size` bytes. Returns 0 or a negative errno. */
int write_full(int fd, const void *buffer, size_t size);

/* Reads a regular file of at most `max` bytes; *ret_data gets a NUL behind its end and is
 * freed by the caller. -EFBIG when larger, -ELOOP for a symlink as last component. */
int read_file_at(int dirfd, const char *path, size_t max, char **ret_data,
		 size_t *ret_size);

/* Creates or replaces a file with these bytes and this mode (exactly, whatever the
 * umask), through a temporary name and rename, so that a reader sees the old or the new
 * content. */
int write_file_at(int dirfd, const char *path, const void *data, size_t size,
		  mode_t mode);

/* Makes the parent directories of `path`, mode 0755. */
int make_parents_at(int dirfd, const char *path);

/* Waits until all that was written to the file system of this directory is on its disk. 0
 * or negative errno. */
int sync_file_system(const char *directory);

/* Removes a file or a whole tree, never following symlinks. 0 when it was not there. */
int remove_tree_at(int dirfd, const char *path);

/* Copies everything from `in` to `out` in the kernel where that works. */
int copy_fd(int in, int out);

/* Returns the target of a symlink (freed by the caller) or a negative errno. */
int readlink_at(int dirfd, const char *path, char **ret_target);
