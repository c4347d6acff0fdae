/* SPDX-License-Identifier: MIT */
/* The command line check: same, added, missing, hidden words. */
#include "test.h"
#include "init/cmdline.h"

#define BUILTIN "console=ttyS0 quiet systemd.import_credentials=no"

static void refuse(const char *actual, const char *words)
{
	struct error err = {0};

	assert_int_equal(cmdline_check(actual, BUILTIN, &err), -EPERM);
	assert_says(&err, words);
}

static void test_same(void **state)
{
	assert_int_equal(cmdline_check(BUILTIN, BUILTIN, NULL), 0);
	assert_int_equal(cmdline_check(BUILTIN "\n", BUILTIN, NULL), 0);
	assert_int_equal(cmdline_check(" " BUILTIN " \n", BUILTIN "\n", NULL), 0);
	assert_int_equal(cmdline_check("", " \n", NULL), 0);
}

static void test_added(void **state)
{
	refuse(BUILTIN " init=/bin/sh", "has \"init=/bin/sh\" in addition");
	refuse("a " BUILTIN " b", "\"a b\"");
	/* A word that is there already counts too. */
	refuse(BUILTIN " quiet", "\"quiet\"");
	refuse("quiet quiet", "\"quiet\" in addition");
}

static void test_added_control(void **state)
{
	struct error err = {0};

	assert_int_equal(cmdline_check(BUILTIN " a\033[2Jb", BUILTIN, &err), -EPERM);
	assert_says(&err, "a?[2Jb");
	assert_null(strchr(err.message, '\033'));
}

static void test_missing(void **state)
{
	refuse("console=ttyS0 quiet", "lacks \"systemd.import_credentials=no\"");
	refuse("", "lacks");
}

static void test_order(void **state)
{
	refuse("quiet console=ttyS0 systemd.import_credentials=no", "another order");
	refuse("console=ttyS0  quiet systemd.import_credentials=no", "spacing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),	      cmocka_unit_test(test_added),
		cmocka_unit_test(test_added_control), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
