/* SPDX-License-Identifier: MIT */
/* File descriptors and whole files. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "fd.h"

ssize_t read_full(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)buffer + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int write_full(int fd, const void *buffer, size_t size)
{
	const char *p = buffer;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int read_stream(int fd, size_t max, char **ret_data, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	size_t size = 0, capacity = 0;

	for (;;) {
		ssize_t n;

		if (size + 1 >= capacity) {
			capacity = capacity ? capacity * 2 : 4096;
			data = xrealloc(data, capacity, 1);
		}
		n = read_full(fd, data + size, capacity - size - 1);
		if (n < 0)
			return (int)n;
		size += (size_t)n;
		if (size > max)
			return -EFBIG;
		if (size + 1 < capacity)
			break;
	}
	data[size] = 0;
	*ret_data = TAKE_PTR(data);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret_data,
		 size_t *ret_size)
{
	_cleanup_close_ int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && (unsigned long long)st.st_size > max)
		return -EFBIG;
	return read_stream(fd, max, ret_data, ret_size);
}

int write_file_at(int dirfd, const char *path, const void *data, size_t size, mode_t mode)
{
	_cleanup_free_ char *temporary = xasprintf("%s.new~%ld", path, (long)getpid());
	_cleanup_close_ int fd =
		openat(dirfd, temporary,
		       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = write_full(fd, data, size);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temporary, dirfd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, temporary, 0);
	return r;
}

int make_parents_at(int dirfd, const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		if (mkdirat(dirfd, copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return 0;
}

static int remove_directory_content(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!dir) {
		close(fd);
		return -errno;
	}
	while (r == 0 && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = remove_tree_at(dirfd(dir), e->d_name);
	closedir(dir);
	return r;
}

int remove_tree_at(int dirfd, const char *path)
{
	int fd, r;

	if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_directory_content(fd);
	if (r < 0)
		return r;
	return unlinkat(dirfd, path, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int copy_fd(int in, int out)
{
	_cleanup_free_ char *buffer = NULL;

	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, SSIZE_MAX & ~4095L, 0);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
	}
	/* copy_file_range ends early on some file systems: the rest, if any, is read. */
	buffer = xmalloc(1 << 17);
	for (;;) {
		ssize_t n = read_full(in, buffer, 1 << 17);
		int r;

		if (n <= 0)
			return (int)n;
		r = write_full(out, buffer, (size_t)n);
		if (r < 0)
			return r;
	}
}

int readlink_at(int dirfd, const char *path, char **ret_target)
{
	char buffer[PATH_MAX];
	ssize_t n = readlinkat(dirfd, path, buffer, sizeof(buffer));

	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(buffer))
		return -ENAMETOOLONG;
	*ret_target = xstrndup(buffer, (size_t)n);
	return 0;
}

int sync_file_system(const char *directory)
{
	_cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || syncfs(fd) < 0 ? -errno : 0;
}
