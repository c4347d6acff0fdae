/* SPDX-License-Identifier: MIT */
/* Where Debian's packages come from. */
#include <errno.h>

#include "atomos/apt.h"
#include "fixture.h"

static void check(const char *lines, const char *suite, const char *main,
		  const char *security)
{
	_cleanup_apt_mirrors_ struct apt_mirrors m = {0};

	assert_int_equal(apt_mirrors_choose(lines, suite, &m), 0);
	assert_string_equal(m.main, main);
	if (security)
		assert_string_equal(m.security, security);
	else
		assert_null(m.security);
}

static void test_own_suite(void **state)
{
	check("http://old/debian/ bookworm main\n"
	      "http://new/debian/ trixie main\n"
	      "http://new/sec/ trixie-security main\n"
	      "http://old/sec/ bookworm-security main\n",
	      "trixie", "http://new/debian", "http://new/sec");
}

/* A machine of Debian 12 builds Debian 13: the same mirror has it. */
static void test_other_suite(void **state)
{
	check("http://m/backports/ bookworm-backports main\n"
	      "http://m/debian/ bookworm main\n"
	      "http://m/sec/ bookworm-security main\n",
	      "trixie", "http://m/debian", "http://m/sec");
}

static void test_no_security(void **state)
{
	check("http://m/debian trixie main\n", "trixie", "http://m/debian",
	      "http://m/debian-security");
	check("http://m/debian sid main\n", "sid", "http://m/debian", NULL);
}

static void test_component(void **state)
{
	struct apt_mirrors m;

	assert_int_equal(
		apt_mirrors_choose("http://x/vendor trixie stable\n", "trixie", &m),
		-ENOENT);
	assert_int_equal(apt_mirrors_choose("", "trixie", &m), -ENOENT);
	assert_int_equal(apt_mirrors_choose("nonsense\n", "trixie", &m), -ENOENT);
}

static void check_configured(const char *main, const char *security,
			     const char *expect_main, const char *expect_security)
{
	struct apt_mirrors configured = {(char *)main, (char *)security};
	_cleanup_apt_mirrors_ struct apt_mirrors m = {0};
	struct error err;

	assert_int_equal(apt_mirrors_find(&configured, "trixie", &m, &err), 0);
	assert_string_equal(m.main, expect_main);
	assert_string_equal(m.security, expect_security);
}

static void test_configured(void **state)
{
	check_configured("http://c/debian/", NULL, "http://c/debian",
			 "http://c/debian-security");
	check_configured("http://c/debian", "http://s//", "http://c/debian", "http://s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_suite),   cmocka_unit_test(test_other_suite),
		cmocka_unit_test(test_no_security), cmocka_unit_test(test_component),
		cmocka_unit_test(test_configured),
	};

	return cmocka_run_group_tests_name("apt-mirrors", tests, NULL, NULL);
}
