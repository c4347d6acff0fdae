/* SPDX-License-Identifier: MIT */
/* What atomos-init noted, with and without its newer fields. */
#include <errno.h>

#include "base/str.h"
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

/* What an owner's disk adds, as a real start wrote it. */
static void test_owner(void **state _unused_)
{
	static const char text[] =
		"{\"version\":1,\"product\":\"atomos-demo\",\"release\":1,\"system\":"
		"\"86hjdchhsr36xswz9n8v93v5rqnxjc2m-atomos-system-atomos-demo-1\","
		"\"generation\":3,\"remembered\":\"tpm\",\"recorded\":true,"
		"\"lowestRelease\":1,\"earlierFailure\":\"copy: no\","
		"\"ownerKeys\":[{\"sha256\":"
		"\"21fe31dfa154a261626bf854046fd2271b7bed4b6abe45"
		"aa58877ef47f9721b9\",\"name\":\"owner-21fe31df\"},{\"sha256\":"
		"\"ab12cd34ab12"
		"cd34ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34ab12cd34\"},3,{}],"
		"\"refusedKeys\":[\"mallory-1\",7]}";
	_cleanup_boot_facts_ struct boot_facts f;
	struct error err;

	assert_ok(boot_facts_parse(text, &f, &err), &err);
	assert_string_equal(f.remembered, "tpm");
	assert_string_equal(f.earlier_failure, "copy: no");
	assert_true(f.recorded);
	assert_int_equal(f.generation, 3);
	assert_int_equal(f.lowest_release, 1);
	assert_int_equal(strv_length(f.owner_keys), 1);
	assert_string_equal(f.owner_keys[0], "owner-21fe31df");
	assert_int_equal(strv_length(f.missing_keys), 1);
	assert_string_equal(f.missing_keys[0], "a key of SHA-256 ab12cd34ab12cd34");
	assert_int_equal(strv_length(f.refused_keys), 1);
	assert_string_equal(f.refused_keys[0], "mallory-1");
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
	assert_string_equal(f.remembered, "");
	assert_true(!f.owner_keys[0] && !f.missing_keys[0] && !f.refused_keys[0]);
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
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_medium),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
