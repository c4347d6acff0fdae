/* SPDX-License-Identifier: MIT */
/* Which names may reach loadkeys. */
#include "test.h"
#include "init/keymap.h"

static void test_names(void **state)
{
	char *allowed[] = {(char *)"us", (char *)"de-latin1", (char *)"../x",
			   (char *)"-u", (char *)"",	      (char *)"a b",
			   NULL};

	assert_true(keymap_allowed("us", allowed));
	assert_true(keymap_allowed("de-latin1", allowed));
	assert_false(keymap_allowed("fr", allowed));
	assert_false(keymap_allowed("u", allowed));
	/* Not even when they are in the list. */
	assert_false(keymap_allowed("../x", allowed));
	assert_false(keymap_allowed("-u", allowed));
	assert_false(keymap_allowed("", allowed));
	assert_false(keymap_allowed("a b", allowed));
	assert_false(keymap_allowed("us", NULL));
}

static void test_length(void **state)
{
	char name[] = "abcdefghijklmnopqrstuvwxyz0123456";
	char *allowed[] = {name, NULL};

	assert_false(keymap_allowed(name, allowed));
	name[32] = 0;
	assert_true(keymap_allowed(name, allowed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
