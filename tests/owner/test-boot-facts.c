/* SPDX-License-Identifier: MIT */
/* What atomos-init noted, with and without its newer fields. */
#include <errno.h>

#include "fixture.h"
#include "owner/boot-facts.h"

static void test_installed(void **state _unused_)
{
	static const char text[] =
		"{\"version\":1,\"product\":\"demo\",\"system\":\"x-system\","
		"\"partition\":\"nvme0n1p3\",\"installed\":true,\"owned\":true,"
		"\"openedBy\":\"tpm\",\"pin\":\"good\",\"tpm\":\"present\","
		"\"tpmSays\":null,\"secureBoot\":\"on\",\"seconds\":1.5,\"paths\":7}";
	_cleanup_boot_facts_ struct boot_facts f;
	struct error err;

	assert_ok(boot_facts_parse(text, &f, &err), &err);
	assert_true(f.installed && f.owned && !f.medium && !f.enrolled);
	assert_string_equal(f.opened_by, "tpm");
	assert_string_equal(f.disk, "nvme0n1");
	assert_null(f.tpm_says);
	assert_int_equal(f.paths, 7);
	assert_true(f.seconds > 1.4 && f.seconds < 1.6);
}

static void test_medium(void **state _unused_)
{
	_cleanup_boot_facts_ struct boot_facts f;
	struct error err;

	assert_ok(boot_facts_parse("{\"product\":\"d\",\"system\":\"s\",\"medium\":true,"
				   "\"partition\":\"vda3\"}",
				   &f, &err),
		  &err);
	assert_true(f.medium && !f.installed && !f.owned);
	assert_string_equal(f.disk, "vda");
	assert_string_equal(f.pin, "none");
}

static void test_bad(void **state _unused_)
{
	struct boot_facts f;
	struct error err;

	assert_int_equal(boot_facts_parse("", &f, &err), -EBADMSG);
	assert_int_equal(boot_facts_parse("[]", &f, &err), -EBADMSG);
	assert_int_equal(boot_facts_parse("{}", &f, &err), -EBADMSG);
	assert_int_equal(boot_facts_parse("{\"product\":1}", &f, &err), -EBADMSG);
	assert_int_equal(boot_facts_load("/nonexistent", &f, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_installed),
		cmocka_unit_test(test_medium),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
