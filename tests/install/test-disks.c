/* SPDX-License-Identifier: MIT */
/* Disks that can't be chosen, and say why: here loop devices with a file system. */
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/gpt.h"
#include "install/disks.h"
#include "install/table.h"

#define MIB (1ULL << 20)
#define DISK (256 * MIB)
#define LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define IN_USE "something on it is in use"
#define RUN(...) run_program((const char *const[]){__VA_ARGS__, NULL}, NULL)

/* Of a system that fits nowhere here. */
static const struct layout_needs large = {.content = 1ULL << 40};

struct loop {
	char device[32];
	const char *node, *directory;
};

static void attach(void **state, struct loop *l)
{
	const char *file = in_directory(state, "disk"),
		   *argv[] = {"losetup", "--find", "--show", file, NULL};
	_cleanup_free_ char *output = NULL;

	assert_int_equal(write_file_at(AT_FDCWD, file, "", 0, 0600), 0);
	assert_int_equal(truncate(file, DISK), 0);
	run_program(argv, &output);
	output[strcspn(output, "\n")] = 0;
	snprintf(l->device, sizeof(l->device), "%s", output);
	l->node = startswith(l->device, "/dev/");
	assert_non_null(l->node);
	l->directory = in_directory(state, "mounted");
	assert_int_equal(mkdir(l->directory, 0700), 0);
}

static void detach(const struct loop *l)
{
	RUN("losetup", "--detach", l->device);
}

static void mount_on(const struct loop *l, const char *device)
{
	RUN("mkfs.btrfs", "--quiet", device);
	assert_int_equal(mount(device, l->directory, "btrfs", 0, NULL), 0);
}

/* Why a system that would fit nowhere can't have the whole of it: when nothing holds the
 * disk, its size. */
static void expect_refusal(const struct loop *l, const char *why)
{
	_cleanup_disk_ struct disk d;

	disk_find(l->node, &large, &d);
	assert_int_equal(d.size, DISK);
	assert_non_null(d.refusal);
	if (!strstr(d.refusal, why))
		fail_msg("%s is refused with '%s', not '%s'", l->node, d.refusal, why);
}

static void test_mounted(void **state)
{
	struct loop l;

	attach(state, &l);
	expect_refusal(&l, "too small");
	mount_on(&l, l.device);
	expect_refusal(&l, IN_USE);
	assert_int_equal(umount(l.directory), 0);
	expect_refusal(&l, "too small");
	detach(&l);
}

/* One partition is enough. */
static void test_mounted_partition(void **state)
{
	_cleanup_free_ char *partition = NULL;
	struct table_entry e = {
		.type = LINUX, .name = "x", .region = {MIB, DISK - 2 * MIB}};
	struct error err;
	struct loop l;

	attach(state, &l);
	partition = xasprintf("%sp1", l.device);
	assert_ok(guid_random(e.uuid, &err), &err);
	assert_ok(table_replace(l.device, &e, 1, &err), &err);
	/* A kernel may know of no GPT; its partitions it takes from anybody. */
	RUN("partx", "--update", l.device);
	expect_refusal(&l, "too small");
	mount_on(&l, partition);
	expect_refusal(&l, IN_USE);
	assert_int_equal(umount(l.directory), 0);
	expect_refusal(&l, "too small");
	RUN("partx", "--delete", l.device);
	detach(&l);
}

/* Swap and device-mapper hold a disk as this does. */
static void test_claimed(void **state)
{
	int holder;
	struct loop l;

	attach(state, &l);
	holder = open(l.device, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(holder >= 0);
	expect_refusal(&l, IN_USE);
	close(holder);
	expect_refusal(&l, "too small");
	detach(&l);
}

static void test_write_protected(void **state)
{
	struct loop l;

	attach(state, &l);
	RUN("blockdev", "--setro", l.device);
	expect_refusal(&l, "it is write-protected");
	/* It would stay so for whatever file the device has next. */
	RUN("blockdev", "--setrw", l.device);
	detach(&l);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)
	const struct CMUnitTest tests[] = {
		TEST(test_mounted),
		TEST(test_mounted_partition),
		TEST(test_claimed),
		TEST(test_write_protected),
	};

	return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
