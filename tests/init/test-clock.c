/* SPDX-License-Identifier: MIT */
/* A clock that is before the system's date is set to it, another is left alone. */
#include "test.h"
#include "init/clock.h"

/* What was set last; the machine's own clock isn't touched. */
static time_t was_set;

static int set(const struct timeval *v)
{
	was_set = v->tv_sec;
	return 0;
}

static int refuse(const struct timeval *v)
{
	errno = EPERM;
	return -1;
}

static void test_behind(void **state)
{
	was_set = 0;
	assert_int_equal(clock_not_before(1794169200, 978307200, set), 1);
	assert_int_equal(was_set, 1794169200);
	assert_int_equal(clock_not_before(1794169200, 1794169199, set), 1);
}

static void test_ahead(void **state)
{
	was_set = 0;
	assert_int_equal(clock_not_before(1794169200, 1794169200, set), 0);
	assert_int_equal(clock_not_before(1794169200, 1999999999, set), 0);
	assert_int_equal(clock_not_before(0, 0, set), 0);
	assert_int_equal(was_set, 0);
}

static void test_refused(void **state)
{
	assert_int_equal(clock_not_before(2, 1, refuse), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
