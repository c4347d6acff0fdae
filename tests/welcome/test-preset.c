/* SPDX-License-Identifier: MIT */
/* What an installation left, and what of it isn't believed. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/fd.h"
#include "welcome/preset.h"

/* {"name":"anna","password":"known"} */
#define WITH_SECRETS "eyJuYW1lIjoiYW5uYSIsInBhc3N3b3JkIjoia25vd24ifQ=="

static void test_open_has_no_secrets(void **state)
{
	_cleanup_answers_ struct answers a = {0};
	struct error err;

	assert_ok(preset_decode_open(WITH_SECRETS, &a, &err), &err);
	assert_string_equal(a.name, "anna");
	/* Whoever wrote the header knows it. */
	assert_null(a.password);
	assert_null(a.recovery);
}

static void test_odd(void **state)
{
	struct answers a;
	struct error err;

	assert_int_equal(preset_decode_open("!", &a, &err), -EBADMSG);
	assert_int_equal(preset_decode_open("", &a, &err), -EBADMSG);
	/* [] */
	assert_int_equal(preset_decode_open("W10=", &a, &err), -EBADMSG);
	assert_null(a.name);
}

static void test_file(void **state)
{
	const char *file = in_directory(state, "answers"), *text = "{\"password\":\"x\"}";
	_cleanup_answers_ struct answers a = {0};
	struct answers none;
	struct error err;

	assert_true(preset_read_file(file, &a, &err) < 0);
	assert_int_equal(write_file_at(AT_FDCWD, file, text, strlen(text), 0600), 0);
	assert_ok(preset_read_file(file, &a, &err), &err);
	assert_string_equal(a.password->data, "x");
	/* Not taken for something else because its end is missing. */
	assert_int_equal(truncate(file, SECRET_MAX + 1), 0);
	assert_int_equal(preset_read_file(file, &none, &err), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_has_no_secrets),
		cmocka_unit_test(test_odd),
		cmocka_unit_test_setup_teardown(test_file, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("preset", tests, NULL, NULL);
}
