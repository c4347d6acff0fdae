/* SPDX-License-Identifier: MIT */
/* What a configuration asks for, in the form of a lock. */
#include "base/str.h"
#include "atomos/json.h"
#include "atomos/renew.h"
#include "fixture.h"

static void want(const char *text, struct lock *l)
{
	_cleanup_json_ sd_json_variant *v = NULL;
	struct error err;

	assert_int_equal(json_parse(text, "test", &v, &err), 0);
	renew_wanted(v, "/home/me/c", l);
}

static void test_wanted(void **state)
{
	_cleanup_lock_ struct lock l = {0};

	want("{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"b\",\"a\","
	     "\"b\"],"
	     "\"requested\":[\"vim\",\"/home/me/c/x.deb\",\"/opt/y.deb\"]}}",
	     &l);
	assert_string_equal(l.suite, "trixie");
	assert_int_equal(strv_length(l.base), 2);
	assert_string_equal(l.base[0], "a");
	assert_string_equal(l.requested[0], "./x.deb");
	assert_string_equal(l.requested[1], "/opt/y.deb");
	assert_string_equal(l.requested[2], "vim");
}

static void test_fresh(void **state)
{
	static const char *const stale[] = {
		"{\"debian\":{\"suite\":\"sid\"},\"packages\":{\"base\":[\"a\"],"
		"\"requested\":[\"b\"]}}",
		"{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"a\",\"c\"],"
		"\"requested\":[\"b\"]}}",
		"{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"a\"],"
		"\"requested\":[]}}",
		"{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"b\"],"
		"\"requested\":[\"a\"]}}",
	};
	_cleanup_lock_ struct lock l = {0}, same = {0};

	want("{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"a\"],"
	     "\"requested\":[\"b\"]}}",
	     &l);
	want("{\"debian\":{\"suite\":\"trixie\"},\"packages\":{\"base\":[\"a\",\"a\"],"
	     "\"requested\":[\"b\"]}}",
	     &same);
	assert_true(renew_is_fresh(&l, &same));
	for (size_t i = 0; i < ELEMENTSOF(stale); i++) {
		_cleanup_lock_ struct lock other = {0};

		want(stale[i], &other);
		assert_false(renew_is_fresh(&l, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_fresh),
	};

	return cmocka_run_group_tests_name("renew", tests, NULL, NULL);
}
