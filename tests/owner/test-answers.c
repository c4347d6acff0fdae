/* SPDX-License-Identifier: MIT */
/* Answers that were given beforehand: read, written, refused. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/macro.h"
#include "owner/answers.h"

#define KEY "cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-iiiiiiii"

static const char all[] =
	"{\"language\":\"de_DE.UTF-8\",\"keymap\":\"de-latin1\",\"zone\":\"Europe/"
	"Berlin\","
	"\"realName\":\"Anna Bei\\u00dfpiel\",\"name\":\"anna\",\"administrator\":false,"
	"\"password\":\"a \\\"b\\\" c\",\"recoveryKey\":\"" KEY "\"}";

static void test_all(void **state)
{
	_cleanup_answers_ struct answers a, again, open;
	_cleanup_secret_ struct secret *text = secret_new();
	struct error err;

	assert_ok(answers_parse(all, &a, &err), &err);
	assert_string_equal(a.real_name, "Anna Bei\xc3\x9fpiel");
	assert_true(a.has_administrator);
	assert_false(a.administrator);
	assert_string_equal(a.password->data, "a \"b\" c");
	/* Written and read again it is the same. */
	assert_ok(answers_write(&a, true, text, &err), &err);
	assert_ok(answers_parse(text->data, &again, &err), &err);
	assert_string_equal(again.zone, a.zone);
	assert_string_equal(again.password->data, a.password->data);
	assert_string_equal(again.recovery->data, KEY);
	assert_ok(answers_write(&a, false, text, &err), &err);
	assert_null(strstr(text->data, "password"));
	assert_null(strstr(text->data, "recovery"));
	assert_ok(answers_parse(text->data, &open, &err), &err);
	assert_string_equal(open.name, "anna");
	assert_null(open.password);
	assert_null(open.recovery);
}

static void test_none(void **state)
{
	_cleanup_answers_ struct answers a;
	struct error err;

	assert_ok(answers_parse("{\"name\":null}", &a, &err), &err);
	assert_null(a.name);
	assert_false(a.has_administrator);
}

static void test_refused(void **state)
{
	static const char *const bad[][2] = {
		{"", "JSON"},
		{"[]", "JSON"},
		{"{\"user\":\"anna\"}", "\"user\" answers no question"},
		{"{\"name\":7}", "\"name\""},
		{"{\"name\":\"Anna\"}", "\"name\""},
		{"{\"name\":\"root\"}", "\"name\""},
		{"{\"realName\":\"a:b\"}", "\"realName\""},
		{"{\"realName\":\"a\\u001b[2J\"}", "\"realName\""},
		{"{\"keymap\":\"../x\"}", "\"keymap\""},
		{"{\"zone\":\"/etc/passwd\"}", "\"zone\""},
		{"{\"zone\":\"\"}", "\"zone\""},
		{"{\"language\":\"-x\"}", "\"language\""},
		{"{\"administrator\":1}", "\"administrator\""},
		{"{\"password\":\"\"}", "\"password\""},
		{"{\"password\":true}", "\"password\""},
		{"{\"recoveryKey\":\"short\"}", "\"recoveryKey\""},
	};
	struct answers a;
	struct error err;

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		assert_int_equal(answers_parse(bad[i][0], &a, &err), -EBADMSG);
		if (!strstr(err.message, bad[i][1]))
			print_error("%s: %s\n", bad[i][0], err.message);
		assert_non_null(strstr(err.message, bad[i][1]));
		assert_null(a.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
