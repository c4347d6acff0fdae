/* SPDX-License-Identifier: MIT */
/* Of several failures the first is told. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/error.h"
#include "atomos/homes.h"

static void test_first_failure(void **state _unused_)
{
	struct error one, two, told = {0};
	int r = 0;

	fail(&one, -EIO, "one");
	fail(&two, -ENOSPC, "two");
	r = first_failure(r, 0, &one, &told);
	assert_int_equal(r, 0);
	assert_string_equal(told.message, "");
	r = first_failure(r, -EIO, &one, &told);
	r = first_failure(r, -ENOSPC, &two, &told);
	r = first_failure(r, 0, &two, &told);
	assert_int_equal(r, -EIO);
	assert_string_equal(told.message, "one");
	assert_int_equal(first_failure(0, -ENOSPC, &two, NULL), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
