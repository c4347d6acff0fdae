/* SPDX-License-Identifier: MIT */
/* Where the configuration and its keys are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/flake.h"
#include "atomos/place.h"
#include "fixture.h"

/* A directory with nothing in it, which is also the current one. */
static int setup(void **state)
{
	char *top = xstrdup("/tmp/atomos-test-place.XXXXXX");

	assert_non_null(mkdtemp(top));
	assert_int_equal(chdir(top), 0);
	unsetenv("ATOMOS_KEYS");
	*state = top;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(chdir("/"), 0);
	remove_tree_at(AT_FDCWD, *state);
	free(*state);
	return 0;
}

static void put(const char *path)
{
	assert_int_equal(make_parents_at(AT_FDCWD, path), 0);
	assert_int_equal(write_file_at(AT_FDCWD, path, "x", 1, 0644), 0);
}

static void check(const char *given, const char *top, const char *file)
{
	_cleanup_place_ struct place p = {0};
	_cleanup_free_ char *expected = xasprintf("%s/%s", top, file);
	struct error err;

	if (place_find(given, &p, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(p.configuration, expected);
	assert_non_null(startswith(p.configuration, p.directory));
	assert_non_null(endswith(p.lock, "/atomos.lock"));
}

static void test_find(void **state)
{
	put("a/configuration.nix");
	put("a/other.nix");
	put("configuration.nix");
	check("a", *state, "a/configuration.nix");
	check("a/other.nix", *state, "a/other.nix");
	check(NULL, *state, "configuration.nix");
}

static void test_missing(void **state)
{
	struct place p = {0};
	struct error err;

	put("a/x");
	assert_int_equal(place_find("a", &p, &err), -ENOENT);
	assert_non_null(strstr(err.message, "atomos new"));
	assert_int_equal(place_find("b", &p, &err), -ENOENT);
	assert_null(p.configuration);
}

static void check_keys(const char *expected)
{
	_cleanup_place_ struct place p = {0};
	struct error err;

	assert_int_equal(place_find("configuration.nix", &p, &err), 0);
	assert_non_null(endswith(p.keys, expected));
}

static void test_keys(void **state)
{
	put("configuration.nix");
	check_keys("/keys");
	setenv("ATOMOS_KEYS", "/somewhere", 1);
	check_keys("/somewhere");
	put("keys/nix-public-key");
	check_keys("/keys");
	unsetenv("ATOMOS_KEYS");
}

static void test_keys_of_image(void **state)
{
	_cleanup_free_ char *before = NULL, *noted = NULL, *given = NULL, *disk = NULL;
	struct error err;

	put("vendor/db.crt");
	put("x.img");
	before = place_keys_of("x.img", NULL);
	assert_string_equal(before, "keys");
	assert_int_equal(place_note_keys("x.img", "vendor", &err), 0);
	assert_int_equal(place_note_keys("x.img", "vendor", &err), 0);
	assert_int_equal(access("x.img.keys/db.crt", F_OK), 0);
	noted = place_keys_of("x.img", NULL);
	assert_string_equal(noted, "x.img.keys");
	/* A disk that was installed to from it. */
	disk = place_keys_of("x.img.disk", NULL);
	assert_string_equal(disk, "x.img.keys");
	given = place_keys_of("x.img", "mine");
	assert_string_equal(given, "mine");
}

static void find_flake(const char *typed, int expected, struct flake *f)
{
	_cleanup_place_ struct place p = {0};
	struct error err;

	assert_int_equal(flake_find(typed, &p, f, &err), expected);
}

static void test_flake(void **state)
{
	_cleanup_(flake_done) struct flake f = {0};
	_cleanup_free_ char *expected = xasprintf("path:%s/f", (char *)*state);

	put("f/flake.nix");
	find_flake("f#desk", 0, &f);
	assert_string_equal(f.name, "desk");
	assert_string_equal(f.reference, expected);
	find_flake("f", -EINVAL, &f);
	find_flake("f#", -EINVAL, &f);
	find_flake("#desk", -ENOENT, &f);
}

/* Private keys never get into the store. */
static void test_flake_with_keys(void **state)
{
	_cleanup_(flake_done) struct flake f = {0}, g = {0};
	_cleanup_free_ char *expected = xasprintf("git+file://%s?dir=f", (char *)*state);

	put("f/flake.nix");
	put("f/deep/keys/nix-secret-key");
	find_flake("f#desk", -EPERM, &f);
	/* Of a repository only tracked files are copied. */
	put(".git/HEAD");
	find_flake("f#desk", 0, &g);
	assert_string_equal(g.reference, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_of_image, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flake, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flake_with_keys, setup, teardown),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
