/* SPDX-License-Identifier: MIT */
/* What an image's store is made of: registration, linked trees. */
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/link-tree.h"
#include "image/stage.h"

#define A "00000000000000000000000000000000-a"
#define B "11111111111111111111111111111111-b"

static void test_registration(void **state)
{
	char *none[] = {NULL}, *both[] = {(char *)A, (char *)B, NULL};
	struct path_info paths[] = {{.base = (char *)A,
				     .nar_size = 120,
				     .references = none,
				     .signatures = none},
				    {.base = (char *)B,
				     .nar_size = 7,
				     .references = both,
				     .signatures = none}};
	const struct closure closure = {paths, 2};
	_cleanup_free_ char *text = NULL;

	memset(paths[0].nar_hash, 0xab, SHA256_SIZE);
	text = stage_registration(&closure);
	assert_string_equal(text,
			    "/nix/store/" A "\nababababababababababababababababababababab"
			    "ababababababababababab\n120\n\n0\n"
			    "/nix/store/" B "\n000000000000000000000000000000000000000000"
			    "0000000000000000000000\n7\n\n2\n"
			    "/nix/store/" A "\n/nix/store/" B "\n");
}

static void make_tree(int dir)
{
	const struct timespec old[] = {{1, 0}, {1, 0}};

	assert_int_equal(mkdirat(dir, "from", 0755), 0);
	assert_int_equal(mkdirat(dir, "from/deep", 0755), 0);
	assert_int_equal(write_file_at(dir, "from/deep/run", "x", 1, 0555), 0);
	assert_int_equal(symlinkat("run", dir, "from/deep/link"), 0);
	assert_int_equal(utimensat(dir, "from/deep", old, 0), 0);
	assert_int_equal(fchmodat(dir, "from/deep", 0555, 0), 0);
}

static void check_tree(int dir, struct stat *file)
{
	_cleanup_free_ char *target = NULL;
	struct stat st;

	assert_int_equal(fstatat(dir, "to/deep", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	assert_int_equal(st.st_mtim.tv_sec, 1);
	assert_int_equal(readlink_at(dir, "to/deep/link", &target), 0);
	assert_string_equal(target, "run");
	assert_int_equal(fstatat(dir, "to/deep/run", file, 0), 0);
	assert_int_equal(file->st_mode & 07777, 0555);
	assert_int_equal(file->st_size, 1);
}

static void test_links(void **state)
{
	_cleanup_close_ int dir = open(*state, O_RDONLY | O_DIRECTORY);
	struct stat file;

	make_tree(dir);
	assert_int_equal(link_tree(dir, "from", dir, "to"), 0);
	check_tree(dir, &file);
	assert_int_equal(file.st_nlink, 2);
}

/* /dev/shm is another file system, so that nothing can be linked. */
static void test_copies(void **state)
{
	char other[] = "/dev/shm/atomos-test.XXXXXX";
	_cleanup_close_ int dir = open(*state, O_RDONLY | O_DIRECTORY), out = -EBADF;
	struct stat file;

	make_tree(dir);
	assert_non_null(mkdtemp(other));
	out = open(other, O_RDONLY | O_DIRECTORY);
	assert_int_equal(link_tree(dir, "from", out, "to"), 0);
	check_tree(out, &file);
	assert_int_equal(file.st_nlink, 1);
	remove_tree_at(AT_FDCWD, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registration),
		cmocka_unit_test_setup_teardown(test_links, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_copies, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
