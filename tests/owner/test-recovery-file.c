/* SPDX-License-Identifier: MIT */
/* A recovery key as a file: of its owner alone, never over another file, and said to be
 * in memory where it is. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "owner/recovery-file.h"

static void test_write(void **state)
{
	const char *path = in_directory(state, "key");
	_cleanup_secret_ struct secret *k = secret_of("cccccccc");
	_cleanup_free_ char *text = NULL;
	struct error err;
	struct stat st;
	bool memory;

	assert_ok(recovery_file_write(path, k, &memory, &err), &err);
	assert_int_equal(read_file_at(AT_FDCWD, path, 100, &text, NULL), 0);
	assert_string_equal(text, "cccccccc\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(recovery_file_write(path, k, &memory, &err), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void test_memory(void **state)
{
	const char *path = in_directory(state, "key");
	_cleanup_secret_ struct secret *k = secret_of("cccccccc");
	struct error err;
	bool memory = false;
	int r;

	if (mount("tmpfs", *state, "tmpfs", 0, NULL) < 0)
		skip();
	r = recovery_file_write(path, k, &memory, &err);
	(void)umount(*state);
	assert_ok(r, &err);
	assert_true(memory);
}

/* A file system that is full: no half a key stays. */
static void test_full(void **state)
{
	const char *path = in_directory(state, "key"), *filler = in_directory(state, "x");
	_cleanup_secret_ struct secret *k = secret_of("cccccccc");
	_cleanup_close_ int fd = -EBADF;
	static const char page[4096];
	struct error err;
	bool memory, there;
	int r;

	if (mount("tmpfs", *state, "tmpfs", 0, "size=16k") < 0)
		skip();
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, page, sizeof(page)) == sizeof(page))
		;
	close_fdp(&fd);
	fd = -EBADF;
	r = recovery_file_write(path, k, &memory, &err);
	there = access(path, F_OK) == 0;
	(void)umount(*state);
	assert_int_equal(r, -ENOSPC);
	assert_false(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_memory, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_full, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("recovery-file", tests, NULL, NULL);
}
