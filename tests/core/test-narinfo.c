/* SPDX-License-Identifier: MIT */
/* Closure files: parsed, written, refused; store names. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "fixture.h"

#define LIBA "00000000000000000000000000000000-liba"
#define PROG "11111111111111111111111111111111-prog+b_1.0"

static void test_golden(void **state)
{
	_cleanup_closure_ struct closure c = {0};
	_cleanup_free_ char *text = golden("narinfo/signed.narinfo", NULL),
			    *written = NULL;
	_cleanup_free_ char *fingerprint = NULL;
	const struct path_info *p;
	struct error err;

	assert_int_equal(closure_parse(text, strlen(text), &c, &err), 0);
	assert_int_equal(c.count, 3);
	p = closure_find(&c, PROG);
	assert_int_equal(p->nar_size, 328);
	assert_int_equal(strv_length(p->references), 2);
	assert_int_equal(strv_length(p->signatures), 2);
	assert_false(p->content_addressed);
	fingerprint = path_info_fingerprint(p);
	assert_string_equal(
		fingerprint,
		"1;/nix/store/" PROG
		";sha256:0d99nz60r95pli8z1nmgn6kk04p0adlif3zpsg83lml2k5z6kh4k;328;"
		"/nix/store/" LIBA ",/nix/store/" PROG);
	assert_null(closure_find(&c, "22222222222222222222222222222222-syste"));
	written = closure_format(&c);
	assert_string_equal(written, text);
}

static void test_forms(void **state)
{
	static const char text[] =
		"\n\nCA: fixed:r:sha256:x\nNarSize: 0\nNarHash: "
		"sha256:0000000000000000000000000000000000000000000000000000\nDeriver: "
		"x\n"
		"URL: y\nReferences:\nStorePath: /nix/store/" LIBA "\n\n\n";
	_cleanup_closure_ struct closure c = {0};
	_cleanup_free_ char *fingerprint = NULL;
	struct error err;

	assert_int_equal(closure_parse(text, strlen(text), &c, &err), 0);
	assert_int_equal(c.count, 1);
	assert_true(c.paths[0].content_addressed);
	assert_null(*c.paths[0].references);
	assert_null(*c.paths[0].signatures);
	fingerprint = path_info_fingerprint(&c.paths[0]);
	assert_string_equal(
		fingerprint,
		"1;/nix/store/" LIBA
		";sha256:0000000000000000000000000000000000000000000000000000;0;");
}

static void check_refusal(const char *path, const char *text, size_t size,
			  const char *expected)
{
	struct closure c;
	struct error err = {0};

	if (closure_parse(text, size, &c, &err) == 0)
		fail_msg("%s was accepted", path);
	if (!streq(err.message, expected))
		fail_msg("%s: \"%s\" instead of \"%s\"", path, err.message, expected);
	assert_int_equal(c.count, 0);
	assert_null(c.paths);
}

static void test_should_fail(void **state)
{
	each_golden("narinfo/should-fail", "", ".expected", 25, check_refusal);
}

static void test_store_names(void **state)
{
	assert_true(store_base_valid(LIBA));
	assert_true(store_base_valid(PROG));
	assert_true(store_base_valid("00000000000000000000000000000000-.hidden"));
	assert_false(store_base_valid(""));
	assert_false(store_base_valid("00000000000000000000000000000000-"));
	assert_false(store_base_valid("00000000000000000000000000000000-."));
	assert_false(store_base_valid("00000000000000000000000000000000-.."));
	assert_false(store_base_valid("00000000000000000000000000000000-.-x"));
	assert_false(store_base_valid("00000000000000000000000000000000-a/b"));
	assert_false(store_base_valid("00000000000000000000000000000000-a b"));
	assert_false(store_base_valid("00000000000000000000000000000000-\xc3\xa9"));
	assert_false(store_base_valid("0000000000000000000000000000000u-liba"));
	assert_false(store_base_valid("000000000000000000000000000000000liba"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_should_fail),
		cmocka_unit_test(test_store_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
