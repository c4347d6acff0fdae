/* SPDX-License-Identifier: MIT */
/* Progress where there is no terminal: one line a step. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "atomos/progress.h"
#include "fixture.h"

static char *written(bool quiet)
{
	FILE *f = tmpfile();
	struct progress *p = progress_new(f, quiet);
	char *text = xcalloc(1, 4096);

	progress_report(p, 0, 10, "First");
	for (int i = 1; i <= 10; i++)
		progress_report(p, (uint64_t)i, 10, "First");
	progress_step(p, 5, 10, "Second", "detail");
	progress_report(p, 0, 0, "Third");
	progress_free(p);
	rewind(f);
	assert_true(fread(text, 1, 4095, f) < 4095);
	fclose(f);
	return text;
}

static void test_lines(void **state)
{
	_cleanup_free_ char *text = written(false);

	assert_string_equal(text, "First\nSecond (50%)\nThird\n");
}

static void test_quiet(void **state)
{
	_cleanup_free_ char *text = written(true);

	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_quiet),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
