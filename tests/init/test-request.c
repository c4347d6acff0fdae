/* SPDX-License-Identifier: MIT */
/* What the running system may ask for, and nothing else. */
#include "test.h"
#include "base/macro.h"
#include "init/request.h"

#define PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define TOKEN(want) "{\"type\":\"atomos-request\",\"keyslots\":[],\"want\":" want "}"

static void test_known(void **state)
{
	struct request r;

	assert_int_equal(request_parse(TOKEN("\"tpm-pin\""), &r), 0);
	assert_int_equal(r.kind, REQUEST_TPM_PIN);
	assert_true(request_is_tpm(&r));
	assert_int_equal(request_parse(TOKEN("\"tpm\""), &r), 0);
	assert_int_equal(r.kind, REQUEST_TPM);
	assert_true(request_is_tpm(&r));
	assert_int_equal(request_parse(TOKEN("\"release=7\""), &r), 0);
	assert_int_equal(r.kind, REQUEST_RELEASE);
	assert_int_equal(r.release, 7);
	assert_false(request_is_tpm(&r));
	assert_int_equal(request_parse(TOKEN("\"trust=acme-1:" PUBLIC "\""), &r), 0);
	assert_int_equal(r.kind, REQUEST_TRUST);
	assert_string_equal(r.key.keys[0].name, "acme-1");
	assert_int_equal(r.key.keys[0].bytes[0], 0xd7);
	request_done(&r);
	assert_int_equal(r.key.count, 0);
	assert_int_equal(request_parse(TOKEN("\"distrust=acme-1:" PUBLIC "\""), &r), 0);
	assert_int_equal(r.kind, REQUEST_DISTRUST);
	assert_string_equal(r.key.keys[0].name, "acme-1");
	request_done(&r);
}

static void test_odd(void **state)
{
	static const char *const odd[] = {
		TOKEN("\"\""),
		TOKEN("7"),
		TOKEN("\"tpm-pin2\""),
		TOKEN("\"tpm=\""),
		TOKEN("\"release=\""),
		TOKEN("\"release=-1\""),
		TOKEN("\"release=99999999999999999999\""),
		TOKEN("\"trust=\""),
		TOKEN("\"trust=#\""),
		TOKEN("\"distrust=acme-1\""),
		TOKEN("\"trust=acme-1:AAAA\""),
		TOKEN("\"trust=a:" PUBLIC "\\nb:" PUBLIC "\""),
		"{\"type\":\"atomos-request\"}",
		"[",
	};
	struct request r;

	for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
		assert_int_equal(request_parse(odd[i], &r), -EBADMSG);
		assert_int_equal(r.key.count, 0);
	}
	assert_int_equal(request_parse("{\"type\":\"atomos-keymap\"}", &r), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
