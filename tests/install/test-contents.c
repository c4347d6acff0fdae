/* SPDX-License-Identifier: MIT */
/* What is on a disk, in words; free space between partitions. */
#include <string.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/str.h"
#include "install/contents.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define RESERVED "e3c9e316-0b5c-4db8-817d-f92df00215ae"
#define DATA "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"

static void expect(const struct content *list, size_t count, const char *words)
{
	_cleanup_free_ char *said = contents_words(list, count);

	assert_string_equal(said, words);
}

static void test_words(void **state)
{
	char *names[] = {(char *)"ada", (char *)"ben", NULL};
	const struct content windows[] = {{GPT_ESP, "vfat", "", false, NULL},
					  {RESERVED, "", "", false, NULL},
					  {DATA, "ntfs", "C", false, NULL}};
	const struct content both[] = {{RESERVED, "", "", false, NULL},
				       {DATA, "BitLocker", "", false, NULL},
				       {"", "ext4", "home", false, NULL},
				       {"", "crypto_LUKS", "", false, NULL}};
	const struct content ours[] = {
		{GPT_ESP, "vfat", "ATOMOS", false, NULL},
		{GPT_INSTALLED_ROOT, "crypto_LUKS", "", true, names}};
	const struct content nameless = {GPT_INSTALLED_ROOT, "crypto_LUKS", "", true,
					 NULL};
	const struct content fresh = {GPT_INSTALLED_ROOT, "crypto_LUKS", "", false, NULL};
	const struct content others[] = {
		{GPT_UNFINISHED_ROOT, "", "", false, NULL},
		{GPT_MEDIUM_ROOT, "crypto_LUKS", "", false, NULL}};
	const struct content stick[] = {{"", "vfat", "PHOTOS", false, NULL}};
	const struct content noise[] = {{"", "", "", false, NULL}};

	const struct content old[] = {{"0x07, starts", "ntfs", "", false, NULL},
				      {"0x07", "ntfs", "Photos", false, NULL},
				      {"0x83", "ext4", "", false, NULL}};
	/* Linux starts, from a partition of its own. */
	const struct content shared[] = {
		{"0x83, starts", "ext4", "", false, NULL},
		{"0x07", "ntfs", "System Reserved", false, NULL}};
	const struct content recovery[] = {{"0x07", "ntfs", "", false, NULL},
					   {"0x27", "ntfs", "", false, NULL}};
	const struct content sealed[] = {{"0x07, starts", "ntfs", "", false, NULL},
					 {"0x07", "BitLocker", "", false, NULL}};

	expect(old, 3, "Windows; Linux");
	expect(shared, 2, "Windows; Linux");
	expect(recovery, 2, "Windows");
	expect(sealed, 2, "Windows, encrypted with BitLocker");
	/* A disk that only carries files. */
	expect(old + 1, 1, "data (NTFS)");
	expect(NULL, 0, "empty");
	expect(windows, 3, "Windows");
	assert_null(contents_warning(windows, 3));
	expect(both, 4, "Windows, encrypted with BitLocker; Linux, encrypted (home)");
	assert_non_null(strstr(contents_warning(both, 4), "recovery key"));
	expect(ours, 2, "the AtomOS of ada, ben");
	assert_non_null(strstr(contents_warning(ours, 2), "owner"));
	/* Without an administrator only the recovery key tells. */
	expect(&nameless, 1, "an AtomOS with an owner");
	assert_non_null(strstr(contents_warning(&nameless, 1), "owner"));
	expect(&fresh, 1, "an AtomOS");
	assert_null(contents_warning(&fresh, 1));
	expect(others, 2,
	       "an AtomOS whose installation was interrupted; an AtomOS medium");
	expect(stick, 1, "data (FAT)");
	expect(noise, 1, "something unknown");
}

static void test_owners(void **state)
{
	_cleanup_strv_ char **names = owners_parse(
		"{\"tokens\":{\"0\":{\"type\":\"systemd-tpm2\",\"user\":\"no\"},"
		"\"1\":{\"type\":\"atomos-password\",\"keyslots\":[\"1\"],\"user\":"
		"\"ada\"},"
		"\"2\":{\"type\":\"atomos-password\",\"user\":\"x\\u001b[2J\"},"
		"\"3\":{\"type\":\"atomos-password\",\"user\":7},\"4\":[]}}");

	assert_int_equal(strv_length(names), 1);
	assert_string_equal(names[0], "ada");
	assert_null(owners_parse("{\"tokens\":[]}"));
	assert_true(owned_parse("{\"tokens\":{\"0\":{\"type\":\"systemd-recovery\"}}}"));
	assert_false(owned_parse("{\"tokens\":{\"0\":{\"type\":\"systemd-tpm2\"},"
				 "\"1\":{\"type\":7},\"2\":[]}}"));
	assert_false(owned_parse("[]"));
	assert_null(owners_parse("[]"));
	assert_null(owners_parse(""));
}

static void add(struct gpt *gpt, uint64_t start, uint64_t size)
{
	gpt->partitions[gpt->count++] =
		(struct gpt_partition){.start = start, .size = size};
}

static void test_free_space(void **state)
{
	struct gpt gpt = {0};
	struct region r = free_space(&gpt, 8 * GIB);

	assert_int_equal(r.start, MIB);
	assert_int_equal(r.size, 8 * GIB - 2 * MIB);
	/* In any order, overlapping, reaching over the end. */
	add(&gpt, 4 * GIB, GIB);
	add(&gpt, 34 * 512, GIB);
	r = free_space(&gpt, 8 * GIB);
	assert_int_equal(r.start, GIB + 34 * 512);
	assert_int_equal(r.size, 3 * GIB - 34 * 512);
	add(&gpt, 2 * GIB, 3 * GIB);
	r = free_space(&gpt, 8 * GIB);
	assert_int_equal(r.start, 5 * GIB);
	add(&gpt, 5 * GIB, 100 * GIB);
	r = free_space(&gpt, 8 * GIB);
	assert_int_equal(r.start, GIB + 34 * 512);
	add(&gpt, 0, 8 * GIB);
	assert_int_equal(free_space(&gpt, 8 * GIB).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_free_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
