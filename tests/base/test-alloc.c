/* SPDX-License-Identifier: MIT */
/* Allocation: growing arrays, copies, formatted strings. */
#include <string.h>

#include "base/alloc.h"
#include "test.h"

static void test_grow(void **state)
{
	_cleanup_free_ int *list = NULL;
	size_t capacity = 0;

	for (size_t i = 0; i < 10000; i++) {
		list = xgrow(list, i, &capacity, sizeof(*list));
		assert_true(capacity > i);
		list[i] = (int)i;
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(list[i], i);
}

static void test_copies(void **state)
{
	_cleanup_free_ char *cut = xstrndup("abcdef", 3), *whole = xstrndup("ab", 10);
	_cleanup_free_ char *text = xasprintf("%s-%d", "x", 5), *none = xmemdup(NULL, 0);

	assert_string_equal(cut, "abc");
	assert_string_equal(whole, "ab");
	assert_string_equal(text, "x-5");
	assert_non_null(none);
}

RUN_TESTS(cmocka_unit_test(test_grow), cmocka_unit_test(test_copies))
