/* SPDX-License-Identifier: MIT */
/* Work with a time limit: done, failed, crashed, hanging. */
#include <unistd.h>

#include "test.h"
#include "init/limit.h"

static int good(void *context, struct error *err)
{
	return streq(context, "x") ? 0 : -EINVAL;
}

static int bad(void *context, struct error *err)
{
	return fail(err, -ENOENT, "no %s", (const char *)context);
}

static int crash(void *context, struct error *err)
{
	abort();
}

static int hang(void *context, struct error *err)
{
	/* Longer than the limit; whoever reads this test's output needn't wait for it. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	sleep(60);
	return 0;
}

static bool yes(void)
{
	return true;
}

/* Work that ends gets a limit that no busy machine reaches. */
static int run(int (*work)(void *, struct error *), bool (*enough)(void),
	       struct error *err)
{
	const struct limited l = {work, (void *)"x", work == hang ? 1 : 60, enough};

	*err = (struct error){0};
	return run_limited(&l, err);
}

static void test_results(void **state)
{
	struct error err;

	assert_int_equal(run(good, NULL, &err), 0);
	assert_string_equal(err.message, "");
	assert_int_equal(run(bad, NULL, &err), -ENOENT);
	assert_string_equal(err.message, "no x");
	assert_int_equal(run(crash, NULL, &err), -EPIPE);
	assert_says(&err, "crashed");
}

static void test_limit(void **state)
{
	struct error err;

	assert_int_equal(run(hang, NULL, &err), -ETIMEDOUT);
	assert_string_equal(err.message, "");
	assert_int_equal(run(hang, yes, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
