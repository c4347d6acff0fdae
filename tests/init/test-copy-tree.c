/* SPDX-License-Identifier: MIT */
/* Copying a small tree: kinds, modes, limits. */
#include "test.h"
#include "init/copy-tree.h"

struct trees {
	char from_name[32], to_name[32];
	int from, to;
};

static void trees_open(struct trees *t)
{
	strcpy(t->from_name, "/tmp/test-copy-from-XXXXXX");
	strcpy(t->to_name, "/tmp/test-copy-to-XXXXXX");
	t->from = open(mkdtemp(t->from_name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->to = open(mkdtemp(t->to_name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->from >= 0 && t->to >= 0);
}

static void trees_close(struct trees *t)
{
	close(t->from);
	close(t->to);
	assert_int_equal(remove_tree_at(AT_FDCWD, t->from_name), 0);
	assert_int_equal(remove_tree_at(AT_FDCWD, t->to_name), 0);
}

static mode_t mode_of(int dirfd, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode;
}

static void test_copy(void **state)
{
	_cleanup_free_ char *text = NULL, *target = NULL;
	struct trees t;

	trees_open(&t);
	assert_int_equal(mkdirat(t.from, "d", 0755), 0);
	assert_int_equal(fchmodat(t.from, "d", 0711, 0), 0);
	assert_int_equal(write_file_at(t.from, "d/f", "text", 4, 04640), 0);
	assert_int_equal(symlinkat("/etc/shadow", t.from, "l"), 0);
	assert_int_equal(mkfifoat(t.from, "p", 0600), 0);
	assert_int_equal(copy_tree(t.from, t.to), 0);
	assert_int_equal(mode_of(t.to, "d"), S_IFDIR | 0711);
	assert_int_equal(mode_of(t.to, "d/f"), S_IFREG | 0640);
	assert_int_equal(read_file_at(t.to, "d/f", 100, &text, NULL), 0);
	assert_string_equal(text, "text");
	assert_int_equal(readlink_at(t.to, "l", &target), 0);
	assert_string_equal(target, "/etc/shadow");
	assert_int_equal(faccessat(t.to, "p", F_OK, 0), -1);
	trees_close(&t);
}

static void test_depth(void **state)
{
	char path[64] = "";
	struct trees t;

	trees_open(&t);
	for (int i = 0; i < 17; i++) {
		strcat(path, i ? "/d" : "d");
		assert_int_equal(mkdirat(t.from, path, 0755), 0);
	}
	assert_int_equal(copy_tree(t.from, t.to), -ELOOP);
	trees_close(&t);
}

static void test_size(void **state)
{
	_cleanup_close_ int fd = -EBADF;
	struct trees t;

	trees_open(&t);
	fd = openat(t.from, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, (1LL << 30) + 1), 0);
	assert_int_equal(copy_tree(t.from, t.to), -EFBIG);
	trees_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests_name("copy-tree", tests, NULL, NULL);
}
