/* SPDX-License-Identifier: MIT */
/* What is on a disk, here a file: whether it is empty, whether another system fits
 * beside. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "install/look.h"
#include "install/table.h"

#define MIB (1ULL << 20)
#define SECTOR 512
#define DISK (64 * MIB)
#define LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"

struct seen {
	bool empty;
	char words[128];
	char why_not[256];
};

static const char *make_disk(void **state)
{
	const char *path = in_directory(state, "disk");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, DISK), 0);
	return path;
}

static void put_at(const char *path, uint64_t offset, const void *data, size_t size)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, data, size, (off_t)offset), (int)size);
}

/* A table of 4 MiB partitions, one of each type. */
static void put_table(const char *path, const char *const *types, size_t count)
{
	struct table_entry e[8];
	struct error err;

	for (size_t i = 0; i < count; i++) {
		e[i] = (struct table_entry){.type = types[i],
					    .name = "x",
					    .region = {(1 + 4 * i) * MIB, 4 * MIB}};
		assert_ok(guid_random(e[i].uuid, &err), &err);
	}
	assert_ok(table_replace(path, e, count, &err), &err);
}

static struct seen look(const char *path)
{
	struct disk d = {.size = DISK};
	struct look l = {.fd = -EBADF, .disk = &d};
	struct seen s = {0};
	_cleanup_free_ char *words = NULL;
	const char *why;

	look_at(path, &l);
	assert_true(l.fd >= 0);
	words = look_words(&l);
	why = look_why_not_beside(&l);
	s.empty = look_is_empty(&l);
	snprintf(s.words, sizeof(s.words), "%s", words);
	snprintf(s.why_not, sizeof(s.why_not), "%s", why ? why : "");
	look_done(&l);
	return s;
}

static void test_empty(void **state)
{
	const char *path = make_disk(state);

	assert_true(look(path).empty);
	assert_string_equal(look(path).words, "empty");
	assert_string_equal(look(path).why_not, "it has no partition table");
	/* What is only encrypted says nothing of itself. */
	put_at(path, 4096, "x", 1);
	assert_false(look(path).empty);
}

/* A table without a partition says nothing of what else is there. */
static void test_empty_table(void **state)
{
	const char *path = make_disk(state);

	put_table(path, NULL, 0);
	assert_false(look(path).empty);
	assert_string_equal(look(path).words, "an empty partition table");
	assert_string_equal(look(path).why_not, "");
	put_at(path, 32768, "\001CD001\001", 7);
	assert_false(look(path).empty);
	assert_string_equal(look(path).words, "a CD image");
}

/* Whoever starts the medium again needn't clear the disk first. */
static void test_unfinished(void **state)
{
	const char *path = make_disk(state);
	const char *const ours[] = {GPT_ESP, GPT_BIOS_BOOT, GPT_UNFINISHED_ROOT, LINUX};
	const char *const whole[] = {GPT_ESP, GPT_BIOS_BOOT, GPT_INSTALLED_ROOT};

	put_table(path, ours, 3);
	assert_true(look(path).empty);
	assert_string_equal(look(path).words,
			    "an AtomOS whose installation was interrupted");
	put_table(path, ours, 4);
	assert_false(look(path).empty);
	put_table(path, ours + 1, 3);
	assert_false(look(path).empty);
	put_table(path, whole, 3);
	assert_false(look(path).empty);
}

/* Of which half would be shown. */
static void test_many(void **state)
{
	const char *path = in_directory(state, "disk");
	const char *const argv[] = {"sfdisk", "--quiet", path, NULL};
	char text[16384];
	struct process p = {.argv = argv, .input = text};
	struct disk d = {.size = 256 * MIB};
	struct look l = {.fd = -EBADF, .disk = &d};
	_cleanup_free_ char *output = NULL;
	struct error err;
	int n = snprintf(text, sizeof(text), "label: gpt\ntable-length: 160\n\n");

	for (int i = 1; i <= 129; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "start=%d, size=2048\n",
			      i * 2048);
	p.input_size = (size_t)n;
	assert_int_equal(write_file_at(AT_FDCWD, path, "", 0, 0600), 0);
	assert_int_equal(truncate(path, 256 * MIB), 0);
	assert_ok(process_check(&p, &output, NULL, &err), &err);
	look_at(path, &l);
	assert_true(l.many);
	assert_int_equal(l.gpt.count, 0);
	assert_false(look_is_empty(&l));
	assert_non_null(look_why_not(&l) ? strstr(look_why_not(&l), "more partitions")
					 : NULL);
	look_done(&l);
}

/* Two of ours would have one partition for homes between them. */
static void test_beside(void **state)
{
	const char *path = make_disk(state);
	const char *const theirs[] = {GPT_ESP, LINUX};
	const char *const medium[] = {GPT_ESP, GPT_MEDIUM_ROOT};
	const char *const ours[] = {LINUX, GPT_ESP, GPT_INSTALLED_ROOT};
	const char *const homes[] = {LINUX, GPT_HOME};

	put_table(path, theirs, 2);
	assert_string_equal(look(path).why_not, "");
	put_table(path, medium, 2);
	assert_string_equal(look(path).why_not, "");
	put_table(path, ours, 3);
	assert_non_null(strstr(look(path).why_not, "an AtomOS is on it"));
	put_table(path, homes, 2);
	assert_non_null(strstr(look(path).why_not, "an AtomOS is on it"));
}

/* An NTFS as libblkid wants it: where its file table is, with the records of the table
 * and of the volume. */
static void put_ntfs(const char *path, uint64_t at)
{
	uint8_t boot[SECTOR] = {0};
	const uint64_t sectors = 4 * MIB / SECTOR, table = 16;

	memcpy(boot + 3, "NTFS    ", 8);
	boot[12] = SECTOR >> 8;
	boot[13] = 8; /* sectors a cluster */
	boot[21] = 0xf8;
	memcpy(boot + 40, &sectors, 8);
	memcpy(boot + 48, &table, 8);
	boot[64] = 0xf6; /* a record has 2 to the 10th bytes */
	put_at(path, at, boot, sizeof(boot));
	put_at(path, at + table * 4096, "FILE", 4);
	put_at(path, at + table * 4096 + 3UL * 1024, "FILE", 4);
}

/* Windows on an old disk, and a disk that only carries files. */
static void test_old_table(void **state)
{
	const char *path = make_disk(state);
	const char *const argv[] = {"sfdisk", "--quiet", path, NULL};
	char text[] = "label: dos\n\nstart=2048, size=8192, type=7, bootable\n";
	struct process p = {.argv = argv, .input = text, .input_size = sizeof(text) - 1};
	_cleanup_free_ char *output = NULL;
	struct error err;

	assert_ok(process_check(&p, &output, NULL, &err), &err);
	put_ntfs(path, MIB);
	assert_string_equal(look(path).words, "Windows");
	assert_non_null(strstr(look(path).why_not, "of the old kind"));
	put_at(path, 446, "", 1); /* nothing starts from it */
	assert_string_equal(look(path).words, "data (NTFS)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_empty_table, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_unfinished, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_many, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_old_table, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_beside, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
