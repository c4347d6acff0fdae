/* SPDX-License-Identifier: MIT */
/* A disk, here a file, that isn't any more what was looked at. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/fixture.h"
#include "base/fd.h"
#include "install/table.h"
#include "install/unchanged.h"

#define MIB (1ULL << 20)
#define DISK (64 * MIB)
#define LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"

/* A disk with a partition from `start` to `start` + 4, in MiB. */
static const char *make_disk(void **state, uint64_t start)
{
	const char *path = in_directory(state, "disk");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct table_entry e = {
		.type = LINUX, .name = "x", .region = {start * MIB, 4 * MIB}};
	struct error err;

	assert_int_equal(ftruncate(fd, DISK), 0);
	assert_ok(guid_random(e.uuid, &err), &err);
	assert_ok(table_replace(path, &e, 1, &err), &err);
	return path;
}

static int check(const char *path, struct install_options o, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);

	o.disk = path;
	return disk_unchanged(fd, &o, err);
}

static void test_size(void **state)
{
	const char *path = make_disk(state, 1);
	struct install_options o = {.whole = true};
	struct error err;

	assert_ok(check(path, o, &err), &err);
	o.size = DISK;
	assert_ok(check(path, o, &err), &err);
	o.size = DISK + MIB;
	assert_int_equal(check(path, o, &err), -ESTALE);
	assert_non_null(strstr(err.message, "its size"));
}

/* What was free when it was looked at. */
static void test_space(void **state)
{
	const struct install_options o = {.size = DISK, .space = {5 * MIB, 58 * MIB}};
	struct error err;

	assert_ok(check(make_disk(state, 1), o, &err), &err);
	assert_int_equal(check(make_disk(state, 2), o, &err), -ESTALE);
	assert_int_equal(check(make_disk(state, 20), o, &err), -ESTALE);
	assert_non_null(strstr(err.message, "isn't free now"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_size, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_space, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("unchanged", tests, NULL, NULL);
}
