/* SPDX-License-Identifier: MIT */
/* What may be typed at the rescue prompt. */
#include "test.h"
#include "init/rescue.h"

static void test_choices(void **state)
{
	assert_int_equal(rescue_parse("t", false), RESCUE_RETRY);
	assert_int_equal(rescue_parse("T", false), RESCUE_RETRY);
	assert_int_equal(rescue_parse("1", false), RESCUE_RETRY);
	assert_int_equal(rescue_parse("m", false), RESCUE_MESSAGES);
	assert_int_equal(rescue_parse("r", false), RESCUE_RESTART);
	assert_int_equal(rescue_parse("p", false), RESCUE_POWER_OFF);
	assert_int_equal(rescue_parse("4", false), RESCUE_POWER_OFF);
	assert_int_equal(rescue_parse("", true), RESCUE_NONE);
	assert_int_equal(rescue_parse("x", true), RESCUE_NONE);
	assert_int_equal(rescue_parse("power", true), RESCUE_NONE);
}

static void test_shell_only_without_secret(void **state)
{
	assert_int_equal(rescue_parse("s", true), RESCUE_SHELL);
	assert_int_equal(rescue_parse("s", false), RESCUE_NONE);
	assert_int_equal(rescue_parse("5", false), RESCUE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_shell_only_without_secret),
	};

	return cmocka_run_group_tests_name("rescue-choice", tests, NULL, NULL);
}
