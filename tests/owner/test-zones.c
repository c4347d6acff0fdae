/* SPDX-License-Identifier: MIT */
/* Time zones and the guess at a person's own. */
#include <string.h>

#include "fixture.h"
#include "base/fd.h"
#include "owner/zones.h"

static const char table[] =
	"# comment\n"
	"US\t+404251-0740023\tAmerica/New_York\tEastern (most areas)\n"
	"US\t+415100-0873900\tAmerica/Chicago\tCentral\n"
	"DE\t+5230+01322\tEurope/Berlin\tmost of Germany\n"
	"GB\t+513030-0000731\tEurope/London\n"
	"broken line\n";

static void load(void **state, struct zones *z)
{
	const char *path = in_directory(state, "zone.tab");

	assert_int_equal(write_file_at(AT_FDCWD, path, table, strlen(table), 0644), 0);
	zones_load(path, z);
}

static void test_list(void **state)
{
	_cleanup_zones_ struct zones z, none;

	load(state, &z);
	assert_int_equal(z.count, 5);
	assert_string_equal(z.list[0].name, "America/Chicago");
	assert_string_equal(z.list[4].name, "UTC");
	zones_load(in_directory(state, "absent"), &none);
	assert_int_equal(none.count, 1);
	assert_string_equal(none.list[0].name, "UTC");
}

static void test_guess(void **state)
{
	_cleanup_zones_ struct zones z;

	load(state, &z);
	assert_string_equal(zones_guess(&z, "en_US.UTF-8", "de"), "America/New_York");
	assert_string_equal(zones_guess(&z, "C.UTF-8", "de-latin1-nodeadkeys"),
			    "Europe/Berlin");
	assert_string_equal(zones_guess(&z, "C.UTF-8", "uk"), "Europe/London");
	/* On keyboards everywhere, and no country at all. */
	assert_string_equal(zones_guess(&z, "C.UTF-8", "us"), "UTC");
	assert_string_equal(zones_guess(&z, "C.UTF-8", "dvorak"), "UTC");
	assert_string_equal(zones_guess(&z, NULL, NULL), "UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_guess, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
