/* SPDX-License-Identifier: MIT */
/* Which of a vendor's PCR keys an image is signed with. */
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "image/uki.h"

static void put(const char *directory, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);

	assert_int_equal(write_file_at(AT_FDCWD, path, "x", 1, 0600), 0);
}

static void test_renewing(void **state)
{
	const char *keys = *state;
	_cleanup_free_ char *cut = xasprintf("%s/pcr-new.pub", keys);
	struct error err = {0};
	bool renewing = true;

	put(keys, "pcr.key");
	put(keys, "pcr.pub");
	assert_int_equal(uki_renewing(keys, &renewing, &err), 0);
	assert_false(renewing);
	put(keys, "pcr-old.key");
	put(keys, "pcr-old.pub");
	assert_int_equal(uki_renewing(keys, &renewing, &err), 0);
	assert_true(renewing);
	put(keys, "pcr-new.pub");
	assert_int_equal(uki_renewing(keys, &renewing, &err), -EBUSY);
	assert_non_null(strstr(err.message, "atomos keys renew"));
	assert_int_equal(unlink(cut), 0);
	assert_int_equal(uki_renewing(keys, &renewing, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_renewing, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("uki", tests, NULL, NULL);
}
