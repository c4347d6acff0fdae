/* SPDX-License-Identifier: MIT */
/* Words of failures: set, prefixed, cut, never overrun. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "test.h"

static void test_fail_and_wrap(void **state)
{
	struct error err;

	assert_int_equal(fail(&err, -ENOENT, "%s isn't there", "x"), -ENOENT);
	assert_int_equal(wrap(&err, "file %d", 1), -ENOENT);
	assert_string_equal(err.message, "file 1: x isn't there");
	assert_int_equal(fail(&err, -EIO, "again"), -EIO);
	assert_string_equal(err.message, "again");
	assert_int_equal(fail(NULL, -EIO, "unheard"), -EIO);
}

static void test_long_words_are_cut(void **state)
{
	struct error *err = malloc(sizeof(*err));
	char words[3 * ERROR_MESSAGE_MAX];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = 0;
	fail(err, -EIO, "%s", words);
	assert_int_equal(strlen(err->message), ERROR_MESSAGE_MAX - 1);
	assert_int_equal(wrap(err, "context"), -EIO);
	assert_memory_equal(err->message, "context: www", 12);
	assert_int_equal(strlen(err->message), ERROR_MESSAGE_MAX - 1);
	assert_int_equal(wrap(err, "%s", words), -EIO);
	assert_int_equal(strlen(err->message), ERROR_MESSAGE_MAX - 1);
	free(err);
}

RUN_TESTS(cmocka_unit_test(test_fail_and_wrap), cmocka_unit_test(test_long_words_are_cut))
