/* SPDX-License-Identifier: MIT */
/* Why a start failed goes through the firmware's memory; what others left there becomes
 * words at most. */
#include "test.h"
#include "init/failure.h"

static int setup(void **state)
{
	char *path = xstrdup("/tmp/atomos-failure-XXXXXX");

	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int r = remove_tree_at(AT_FDCWD, *state);

	free(*state);
	return r;
}

static char *path_of(void **state)
{
	return xasprintf("%s/" FAILURE_VARIABLE, (char *)*state);
}

static void put(void **state, const void *data, size_t size)
{
	_cleanup_free_ char *path = path_of(state);

	assert_int_equal(write_file_at(AT_FDCWD, path, data, size, 0644), 0);
}

/* The newest counts, and is given once. */
static void test_kept_once(void **state)
{
	_cleanup_free_ char *path = path_of(state), *text = NULL, *raw = NULL;
	struct error err;
	size_t size;

	assert_null(failure_take(*state));
	assert_int_equal(failure_keep(*state, "copy", "a long reason", &err), 0);
	assert_int_equal(failure_keep(*state, "find", "no disk", &err), 0);
	assert_int_equal(read_file_at(AT_FDCWD, path, FAILURE_FILE_MAX, &raw, &size), 0);
	assert_int_equal(size, 4 + strlen("find: no disk"));
	/* Kept without power, readable for the boot and for systems. */
	assert_memory_equal(raw, "\7\0\0\0find: no disk", size);
	text = failure_take(*state);
	assert_string_equal(text, "find: no disk");
	assert_null(failure_take(*state));
}

static ino_t number_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void test_same_is_not_written_again(void **state)
{
	_cleanup_free_ char *path = path_of(state), *other = xasprintf("%s-other", path);
	struct error err;
	ino_t before;

	assert_int_equal(failure_keep(*state, "copy", "no", &err), 0);
	before = number_of(path);
	/* So no other file gets that number. */
	assert_int_equal(link(path, other), 0);
	assert_int_equal(failure_keep(*state, "copy", "no", &err), 0);
	assert_int_equal(number_of(path), before);
}

static void test_only_words(void **state)
{
	static const char odd[] = "\1\0\0\0a\33[2Jb\nc\xc3\xa4~\177";
	_cleanup_free_ char *text = NULL;

	put(state, odd, sizeof(odd) - 1);
	text = failure_take(*state);
	assert_string_equal(text, "a?[2Jb?c??~?");
}

static void test_nothing_in_it(void **state)
{
	put(state, "\7\0\0\0", 4);
	assert_null(failure_take(*state));
	put(state, "\7\0", 2);
	assert_null(failure_take(*state));
	put(state, "\7\0\0\0\0more", 9);
	assert_null(failure_take(*state));
}

/* It is cut when it is written; what is larger isn't ours, and goes all the same. */
static void test_length(void **state)
{
	_cleanup_free_ char *path = path_of(state), *text = NULL;
	char reason[ERROR_MESSAGE_MAX], large[FAILURE_FILE_MAX + 1];
	struct error err;

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = 0;
	assert_int_equal(failure_keep(*state, "copy", reason, &err), 0);
	text = failure_take(*state);
	assert_int_equal(strlen(text), FAILURE_MAX);
	memset(large, 'x', sizeof(large));
	put(state, large, sizeof(large));
	assert_null(failure_take(*state));
	assert_int_equal(access(path, F_OK), -1);
	put(state, large, sizeof(large));
	assert_int_equal(failure_keep(*state, "copy", "no", &err), 0);
	assert_int_equal(failure_keep("/nowhere", "copy", "no", &err), -ENOENT);
	assert_says(&err, "doesn't keep why it failed");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(test_kept_once),
		IN_DIRECTORY(test_same_is_not_written_again),
		IN_DIRECTORY(test_only_words),
		IN_DIRECTORY(test_nothing_in_it),
		IN_DIRECTORY(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
