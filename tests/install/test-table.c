/* SPDX-License-Identifier: MIT */
/* Tables of disks that hold something already; here files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "install/table.h"

#define MIB (1ULL << 20)
#define DISK (64 * MIB)
#define LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"

static const char *make_disk(void **state)
{
	const char *path = in_directory(state, "disk");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, DISK), 0);
	/* As a CD image begins. */
	assert_int_equal(pwrite(fd, "\001CD001\001", 7, 32768), 7);
	return path;
}

static struct table_entry entry(const char *type, const char *name, uint64_t start,
				uint64_t size)
{
	struct table_entry e = {
		.type = type, .name = name, .region = {start * MIB, size * MIB}};
	struct error err;

	assert_ok(guid_random(e.uuid, &err), &err);
	return e;
}

static void read_table(const char *path, struct gpt *gpt)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error err;

	assert_ok(gpt_read(fd, gpt, &err), &err);
}

static void check_no_cd(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[5];

	assert_int_equal(pread(fd, magic, 5, 32769), 5);
	assert_memory_not_equal(magic, "CD001", 5);
}

static void test_replace(void **state)
{
	const char *path = make_disk(state);
	const struct table_entry parts[] = {entry(GPT_ESP, "esp", 1, 8),
					    entry(GPT_UNFINISHED_ROOT, "atomos", 9, 40)};
	const char *const verify[] = {"sfdisk", "--verify", path, NULL};
	struct gpt gpt;
	struct error err;

	assert_ok(table_replace(path, parts, 2, &err), &err);
	read_table(path, &gpt);
	assert_int_equal(gpt.count, 2);
	assert_string_equal(gpt.partitions[1].type, GPT_UNFINISHED_ROOT);
	assert_string_equal(gpt.partitions[1].uuid, parts[1].uuid);
	assert_int_equal(gpt.partitions[1].start, 9 * MIB);
	assert_int_equal(gpt.partitions[1].size, 40 * MIB);
	assert_int_equal(table_number(path, parts[1].uuid, &err), 2);
	assert_ok(table_set_type(path, parts[1].uuid, GPT_INSTALLED_ROOT, &err), &err);
	read_table(path, &gpt);
	assert_string_equal(gpt.partitions[1].type, GPT_INSTALLED_ROOT);
	assert_string_equal(gpt.partitions[1].uuid, parts[1].uuid);
	run_program(verify, NULL);
	/* Nothing of the CD image is left that would be found before the table. */
	check_no_cd(path);
}

/* What others have stays as it is, with the numbers that it has. */
static void test_append(void **state)
{
	const char *path = make_disk(state);
	const struct table_entry theirs[] = {entry(LINUX, "theirs", 1, 10),
					     entry(LINUX, "last", 50, 5)};
	const struct table_entry ours[] = {entry(GPT_ESP, "esp", 11, 8),
					   entry(GPT_INSTALLED_ROOT, "atomos", 19, 20)};
	struct gpt before, after;
	struct error err;

	assert_ok(table_replace(path, theirs, 2, &err), &err);
	read_table(path, &before);
	assert_ok(table_append(path, ours, 2, &err), &err);
	read_table(path, &after);
	assert_string_equal(after.uuid, before.uuid);
	assert_int_equal(after.count, 4);
	assert_memory_equal(after.partitions, before.partitions,
			    2 * sizeof(before.partitions[0]));
	assert_int_equal(table_number(path, ours[0].uuid, &err), 3);
	assert_int_equal(table_number(path, ours[1].uuid, &err), 4);
	assert_string_equal(after.partitions[3].type, GPT_INSTALLED_ROOT);
	assert_int_equal(after.partitions[3].start, 19 * MIB);
}

static void test_append_over_others(void **state)
{
	const char *path = make_disk(state);
	const struct table_entry theirs[] = {entry(LINUX, "theirs", 1, 30)};
	const struct table_entry ours[] = {entry(GPT_ESP, "esp", 20, 20)};
	struct gpt gpt;
	struct error err;

	assert_ok(table_replace(path, theirs, 1, &err), &err);
	assert_true(table_append(path, ours, 1, &err) < 0);
	read_table(path, &gpt);
	assert_int_equal(gpt.count, 1);
	assert_int_equal(table_number(path, ours[0].uuid, &err), -ENOENT);
}

/* Behind an image that was written to a larger disk: its table ends with the image, and
 * reaches to the end of the disk from then on. */
static void test_append_behind_an_image(void **state)
{
	const char *path = make_disk(state);
	const struct table_entry first = entry(GPT_ESP, "esp", 1, 8),
				 behind = entry(LINUX, "more", DISK / MIB + 1, 8);
	struct gpt before, gpt;
	struct error err;

	assert_ok(table_replace(path, &first, 1, &err), &err);
	read_table(path, &before);
	assert_int_equal(truncate(path, 2 * DISK), 0);
	assert_ok(table_append(path, &behind, 1, &err), &err);
	run_program((const char *const[]){"sfdisk", "--verify", "--quiet", path, NULL},
		    NULL);
	read_table(path, &gpt);
	assert_int_equal(gpt.count, 2);
	assert_string_equal(gpt.partitions[0].uuid, first.uuid);
	assert_int_equal(gpt.partitions[1].start, DISK + MIB);
	assert_string_equal(gpt.uuid, before.uuid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_append_behind_an_image,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_replace, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_append, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_append_over_others, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
