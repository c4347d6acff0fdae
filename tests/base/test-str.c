/* SPDX-License-Identifier: MIT */
/* Strings, lists, numbers, hexadecimal, nearest words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "test.h"

static void test_affixes(void **state)
{
	assert_string_equal(startswith("prefix-rest", "prefix-"), "rest");
	assert_string_equal(startswith("same", "same"), "");
	assert_null(startswith("pre", "prefix"));
	assert_string_equal(endswith("file.deb", ".deb"), ".deb");
	assert_null(endswith("deb", ".deb"));
	assert_string_equal(endswith("x", ""), "");
}

static void test_lists(void **state)
{
	_cleanup_strv_ char **list = NULL, **words = strv_split("::b:a,,c:", ":,"),
			    **none = NULL;
	_cleanup_free_ char *joined = NULL, *empty = strv_join(NULL, "x");

	assert_int_equal(strv_length(NULL), 0);
	assert_false(strv_contains(NULL, "x"));
	for (int i = 0; i < 1000; i++)
		list = strv_consume(list, xasprintf("%d", i));
	assert_int_equal(strv_length(list), 1000);
	assert_true(strv_contains(list, "999"));
	assert_int_equal(strv_length(words), 3);
	strv_sort(words);
	joined = strv_join(words, ", ");
	assert_string_equal(joined, "a, b, c");
	assert_string_equal(empty, "");
	none = strv_split("", ":");
	assert_non_null(none);
	assert_null(*none);
	strv_sort(NULL);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = {"", " 1", "-1", "+1", "1 ", "0x1", "1.0", "a"};
	uint64_t n = 7;

	assert_int_equal(parse_u64("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(parse_u64("18446744073709551615", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(parse_u64("18446744073709551616", &n), -ERANGE);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		assert_int_equal(parse_u64(bad[i], &n), -EINVAL);
	assert_true(n == UINT64_MAX);
}

static void test_hexadecimal(void **state)
{
	const uint8_t bytes[] = {0, 0x1f, 0xab, 0xff};
	uint8_t back[4];
	char text[9];

	hex_encode(bytes, sizeof(bytes), text);
	assert_string_equal(text, "001fabff");
	assert_int_equal(hex_decode("001FabfF", back, 4), 0);
	assert_memory_equal(bytes, back, 4);
	assert_int_equal(hex_decode("001fabf", back, 4), -EINVAL);
	assert_int_equal(hex_decode("001fabff0", back, 4), -EINVAL);
	assert_int_equal(hex_decode("001fabfg", back, 4), -EINVAL);
}

static void test_nearest(void **state)
{
	char *words[] = {"build", "image", "verify", "lock", NULL};

	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("same", "same"), 0);
	assert_string_equal(nearest("biuld", words), "build");
	assert_string_equal(nearest("verfy", words), "verify");
	assert_null(nearest("entirely-else", words));
	assert_null(nearest("x", NULL));
}

RUN_TESTS(cmocka_unit_test(test_affixes), cmocka_unit_test(test_lists),
	  cmocka_unit_test(test_numbers), cmocka_unit_test(test_hexadecimal),
	  cmocka_unit_test(test_nearest))
