/* SPDX-License-Identifier: MIT */
/* The manifest: written as read, refused where it must be, sorted and found. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/manifest.h"
#include "fixture.h"

static void parse_golden(const char *path, enum manifest_kind kind, struct manifest *m,
			 char **ret_text)
{
	struct error err;
	size_t size;

	*ret_text = golden(path, &size);
	if (manifest_parse(*ret_text, size, kind, m, &err) < 0)
		fail_msg("%s: %s", path, err.message);
}

static void check_round_trip(const char *path, enum manifest_kind kind)
{
	_cleanup_manifest_ struct manifest m = {0}, copy = {0};
	_cleanup_free_ char *text = NULL, *written = NULL, *again = NULL;
	size_t size;

	parse_golden(path, kind, &m, &text);
	written = manifest_format(&m, &size);
	assert_int_equal(size, strlen(text));
	assert_string_equal(written, text);
	/* And once more from copies that own their strings. */
	for (size_t i = 0; i < m.count; i++)
		manifest_add(&copy, &m.entries[i]);
	manifest_done(&m);
	again = manifest_format(&copy, NULL);
	assert_string_equal(again, text);
}

static void test_round_trip(void **state)
{
	check_round_trip("manifest/good.root", MANIFEST_ROOT);
	check_round_trip("manifest/good.package", MANIFEST_PACKAGE);
}

static void test_fields(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_free_ char *text = NULL;
	const struct manifest_entry *e;

	parse_golden("manifest/good.root", MANIFEST_ROOT, &m, &text);
	e = manifest_find(&m, "/a0");
	assert_non_null(e);
	assert_int_equal(e->mode, 0104755);
	assert_int_equal(e->gid, 42);
	assert_int_equal(e->xattr_count, 2);
	assert_string_equal(e->xattrs[0].name, "security.capability");
	assert_int_equal(e->xattrs[0].size, 5);
	assert_memory_equal(e->xattrs[0].value, "\1\0\0\2\0", 5);
	assert_string_equal(e->xattrs[1].name, "user.a=b");
	assert_int_equal(e->xattrs[1].size, 0);
	e = manifest_find(&m, "/a-b");
	assert_string_equal(e->payload, "../x y");
	assert_non_null(manifest_find(&m, "/esc\\aped\nna=me\xc3\xa9"));
	assert_string_equal(manifest_find(&m, "/dash")->payload, "-");
	assert_null(manifest_find(&m, "/empty")->payload);
	assert_true(manifest_find(&m, "/link")->hardlink);
	assert_int_equal(manifest_find(&m, "/null")->rdev, makedev(1, 3));
	assert_int_equal(manifest_find(&m, "/")->mtime, 1794169200);
	assert_null(manifest_find(&m, "/nothing"));
}

static void check_refusal(const char *path, const char *text, size_t size,
			  const char *expected)
{
	struct manifest m;
	struct error err = {0};

	if (manifest_parse(text, size, MANIFEST_ROOT, &m, &err) == 0)
		fail_msg("%s was accepted", path);
	if (!streq(err.message, expected))
		fail_msg("%s: \"%s\" instead of \"%s\"", path, err.message, expected);
	assert_int_equal(m.count, 0);
	assert_null(m.entries);
}

static void test_should_fail(void **state)
{
	each_golden("manifest/should-fail", "", ".expected", 50, check_refusal);
}

static void test_order(void **state)
{
	static const char *const sorted[] = {"/",    "/a",     "/a/b",	"/a/b/c",
					     "/a/c", "/a\x01", "/a-b",	"/a.b",
					     "/a0",  "/b\x7f", "/b\xc3"};
	_cleanup_manifest_ struct manifest m = {0};

	for (size_t i = ELEMENTSOF(sorted); i-- > 0;)
		manifest_add(&m, &(struct manifest_entry){.path = sorted[i]});
	manifest_sort(&m);
	for (size_t i = 0; i < m.count; i++) {
		assert_string_equal(m.entries[i].path, sorted[i]);
		for (size_t j = 0; j < m.count; j++) {
			int r = manifest_compare_paths(sorted[i], sorted[j]);

			assert_int_equal(r < 0, i < j);
			assert_int_equal(r > 0, i > j);
		}
	}
}

static void test_payload_base(void **state)
{
	const char *base = "00000000000000000000000000000000-a";
	_cleanup_free_ char *inside = xasprintf("%s/b/c", base);

	assert_int_equal(manifest_payload_base(inside), strlen(base));
	assert_int_equal(manifest_payload_base(base), 0);
	assert_int_equal(manifest_payload_base(NULL), 0);
	assert_int_equal(manifest_payload_base("etc/passwd"), 0);
	assert_int_equal(manifest_payload_base("/etc"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_fields),
		cmocka_unit_test(test_should_fail),  cmocka_unit_test(test_order),
		cmocka_unit_test(test_payload_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
