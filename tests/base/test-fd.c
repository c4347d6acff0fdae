/* SPDX-License-Identifier: MIT */
/* Whole files relative to a directory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "test.h"

static char path[] = "/tmp/atomos-fd-XXXXXX";

static int make_directory(void **state)
{
	static int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	if (!mkdtemp(path))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &fd;
	return fd < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
	close(*(int *)*state);
	return remove_tree_at(AT_FDCWD, path);
}

static void test_write_and_read(void **state)
{
	int fd = *(int *)*state;
	_cleanup_free_ char *data = NULL;
	struct stat st;
	size_t size;
	mode_t mask = umask(077);

	assert_int_equal(write_file_at(fd, "file", "first", 5, 0644), 0);
	assert_int_equal(write_file_at(fd, "file", "se\0ond", 6, 0640), 0);
	umask(mask);
	assert_int_equal(fstatat(fd, "file", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(read_file_at(fd, "file", 6, &data, &size), 0);
	assert_int_equal(size, 6);
	assert_memory_equal(data, "se\0ond", 7);
}

static void test_read_refusals(void **state)
{
	int fd = *(int *)*state;
	char *data = NULL;

	assert_int_equal(write_file_at(fd, "file", "0123456789", 10, 0644), 0);
	assert_int_equal(symlinkat("file", fd, "link"), 0);
	assert_int_equal(read_file_at(fd, "file", 9, &data, NULL), -EFBIG);
	assert_int_equal(read_file_at(fd, "link", 100, &data, NULL), -ELOOP);
	assert_int_equal(read_file_at(fd, ".", 100, &data, NULL), -EISDIR);
	assert_int_equal(read_file_at(fd, "none", 100, &data, NULL), -ENOENT);
	assert_null(data);
}

/* A file that the kernel makes up has the size 0 and content all the same. */
static void test_read_without_size(void **state)
{
	_cleanup_free_ char *data = NULL;
	size_t size;

	assert_int_equal(
		read_file_at(AT_FDCWD, "/proc/self/status", 1 << 20, &data, &size), 0);
	assert_true(size > 100);
	assert_int_equal(strlen(data), size);
	free(TAKE_PTR(data));
	assert_int_equal(read_file_at(AT_FDCWD, "/proc/self/status", 10, &data, &size),
			 -EFBIG);
}

static void test_parents_and_trees(void **state)
{
	int fd = *(int *)*state;

	assert_int_equal(make_parents_at(fd, "a/b/c/file"), 0);
	assert_int_equal(make_parents_at(fd, "a/b/c/file"), 0);
	assert_int_equal(write_file_at(fd, "a/b/c/file", "x", 1, 0400), 0);
	assert_int_equal(write_file_at(fd, "kept", "x", 1, 0400), 0);
	assert_int_equal(symlinkat("../kept", fd, "a/link"), 0);
	assert_int_equal(symlinkat("..", fd, "a/up"), 0);
	assert_int_equal(remove_tree_at(fd, "a"), 0);
	assert_int_equal(faccessat(fd, "a", F_OK, 0), -1);
	assert_int_equal(faccessat(fd, "kept", F_OK, 0), 0);
	assert_int_equal(remove_tree_at(fd, "a"), 0);
}

static void test_copy_and_link(void **state)
{
	int fd = *(int *)*state, in, out;
	_cleanup_free_ char *big = xcalloc(1, 300000), *copy = NULL, *target = NULL;
	size_t size;

	big[123456] = 'x';
	assert_int_equal(write_file_at(fd, "in", big, 300000, 0644), 0);
	in = openat(fd, "in", O_RDONLY | O_CLOEXEC);
	out = openat(fd, "out", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(copy_fd(in, out), 0);
	close(in);
	close(out);
	assert_int_equal(read_file_at(fd, "out", 1 << 20, &copy, &size), 0);
	assert_int_equal(size, 300000);
	assert_memory_equal(copy, big, 300000);
	assert_int_equal(symlinkat("some/where", fd, "link"), 0);
	assert_int_equal(readlink_at(fd, "link", &target), 0);
	assert_string_equal(target, "some/where");
	assert_int_equal(readlink_at(fd, "in", &target), -EINVAL);
}

static void test_sync_file_system(void **state)
{
	assert_int_equal(sync_file_system(path), 0);
	assert_int_equal(sync_file_system("/nowhere"), -ENOENT);
	assert_int_equal(sync_file_system("/proc/version"), -ENOTDIR);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

RUN_TESTS(TEST(test_write_and_read), TEST(test_read_refusals),
	  TEST(test_read_without_size), TEST(test_parents_and_trees),
	  TEST(test_copy_and_link), TEST(test_sync_file_system))
