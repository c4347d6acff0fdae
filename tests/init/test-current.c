/* SPDX-License-Identifier: MIT */
/* Profile links are followed only where they have the form that Nix gives them. */
#include "test.h"
#include "init/current.h"

#define BASE "0123456789abcdfghijklmnpqrsvwxyz-system"

static void test_target(void **state)
{
	assert_string_equal(profile_target("/nix/store/" BASE), BASE);
	assert_null(profile_target("/nix/store/" BASE "/x"));
	assert_null(profile_target("/nix/store/../" BASE));
	assert_null(profile_target("/nix/store/"));
	assert_null(profile_target(BASE));
	assert_null(profile_target("/etc/passwd"));
}

static void test_generation(void **state)
{
	assert_int_equal(generation_of_link("system-1-link"), 1);
	assert_int_equal(generation_of_link("system-123456789-link"), 123456789);
	assert_int_equal(generation_of_link("system-0-link"), 0);
	assert_int_equal(generation_of_link("system-1234567890-link"), 0);
	assert_int_equal(generation_of_link("system--link"), 0);
	assert_int_equal(generation_of_link("system-1-link/"), 0);
	assert_int_equal(generation_of_link("../system-1-link"), 0);
	assert_int_equal(generation_of_link("system-a-link"), 0);
}

static void link_at(const char *directory, const char *name, const char *target)
{
	_cleanup_free_ char *path = xasprintf("%s/var/nix/profiles/%s", directory, name);

	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static void test_follow(void **state)
{
	char name[] = "/tmp/test-current-XXXXXX", *d = mkdtemp(name);
	_cleanup_free_ char *profiles = xasprintf("%s/var/nix/profiles/x", d);
	char got[STORE_BASE_MAX + 1];
	unsigned generation;
	struct error err;

	assert_int_equal(current_system(d, got, &generation, &err), -ENOENT);
	assert_int_equal(make_parents_at(AT_FDCWD, profiles), 0);
	assert_int_equal(current_system(d, got, &generation, &err), -ENOENT);
	assert_says(&err, "is missing");
	link_at(d, "system", "system-3-link");
	assert_int_equal(current_system(d, got, &generation, &err), -ENOENT);
	assert_says(&err, "leads nowhere");
	link_at(d, "system-3-link", "/nix/store/" BASE);
	assert_int_equal(current_system(d, got, &generation, &err), 0);
	assert_string_equal(got, BASE);
	assert_int_equal(generation, 3);
	link_at(d, "system", "/nix/store/" BASE);
	assert_int_equal(current_system(d, got, &generation, &err), 0);
	assert_int_equal(generation, 0);
	link_at(d, "system", "system-3-link");
	link_at(d, "system-3-link", "/nix/store/../../etc");
	assert_int_equal(current_system(d, got, &generation, &err), -ENOENT);
	assert_says(&err, "isn't a link to a store path");
	link_at(d, "system", "../../../x");
	assert_int_equal(current_system(d, got, &generation, &err), -ENOENT);
	assert_int_equal(remove_tree_at(AT_FDCWD, d), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_follow),
	};

	return cmocka_run_group_tests_name("current", tests, NULL, NULL);
}
