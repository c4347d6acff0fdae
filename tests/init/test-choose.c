/* SPDX-License-Identifier: MIT */
/* Which partition is started: one, none, or a question; never a guess. */
#include <stdio.h>

#include "test.h"
#include "init/choose.h"

static struct partitions make(const char *letters)
{
	/* One partition a letter; capitals lie on the loader's disk. */
	struct partitions p = {0};

	for (const char *c = letters; *c; c++) {
		struct partition *n = &p.list[p.count++];

		snprintf(n->node, sizeof(n->node), "%c", *c);
		n->beside_loader = *c < 'a';
		p.loader_found |= n->beside_loader;
	}
	return p;
}

static enum choice choose(const char *letters, bool known, bool late, char *ret)
{
	struct partitions p = make(letters);
	size_t count, i;
	enum choice r = partitions_choose(&p, known, late, &count);

	for (i = 0; i < count; i++)
		ret[i] = p.list[i].node[0];
	ret[i] = 0;
	return r;
}

static void expect(const char *letters, bool known, bool late, const char *chosen)
{
	char got[PARTITIONS_MAX + 1];
	enum choice r = choose(letters, known, late, got);

	assert_string_equal(got, chosen);
	assert_int_equal(r, chosen[0] == 0   ? CHOICE_NONE
			    : chosen[1] == 0 ? CHOICE_FIRST
					     : CHOICE_ASK);
}

static void test_loader_known(void **state)
{
	expect("", true, false, "");
	expect("A", true, false, "A");
	expect("aB", true, false, "B");
	expect("aBcD", true, false, "BD"); /* two on its disk, or two disks alike */
	expect("a", true, false, "");	   /* its disk may still come */
	expect("a", true, true, "a");
	expect("ab", true, true, "ab");
	expect("aB", true, true, "B");
}

static void test_loader_disk_without_system(void **state)
{
	struct partitions p = make("a");
	size_t count;

	p.loader_found = true;
	assert_int_equal(partitions_choose(&p, true, true, &count), CHOICE_NONE);
}

static struct partition on(const char *disk, bool medium, bool unfinished)
{
	struct partition p = {
		.medium = medium, .unfinished = unfinished, .beside_loader = true};

	snprintf(p.disk, sizeof(p.disk), "%s", disk);
	snprintf(p.node, sizeof(p.node), "%s%c", disk,
		 unfinished ? 'u'
		 : medium   ? 'm'
			    : 'i');
	return p;
}

static void expect_of_two(struct partition a, struct partition b, const char *chosen)
{
	struct partitions p = {.list = {a, b}, .count = 2, .loader_found = true};
	size_t count;

	assert_int_equal(partitions_choose(&p, true, false, &count),
			 chosen ? CHOICE_FIRST : CHOICE_ASK);
	if (chosen)
		assert_string_equal(p.list[0].node, chosen);
}

static void test_kinds(void **state)
{
	/* A medium that lies on an owner's disk is there to help out. */
	expect_of_two(on("a", true, false), on("a", false, false), "ai");
	expect_of_two(on("a", false, false), on("a", true, false), "ai");
	expect_of_two(on("a", true, false), on("b", false, false), NULL);
	/* What an interrupted installation left is only for saying so. */
	expect_of_two(on("a", false, true), on("a", true, false), "am");
	expect_of_two(on("a", true, false), on("b", false, true), "am");
	expect_of_two(on("a", false, true), on("b", false, true), NULL);
}

static void test_loader_unknown(void **state)
{
	expect("", false, true, "");
	expect("a", false, false, "a");
	expect("ab", false, false, "ab");
}

static void test_guid(void **state)
{
	assert_true(guid_equal(TYPE_MEDIUM, "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D6D64"));
	assert_false(guid_equal(TYPE_MEDIUM, TYPE_INSTALLED));
}

static void encode(const char *text, uint8_t *out)
{
	memset(out, 0, 4);
	for (size_t i = 0; i <= strlen(text); i++) {
		out[4 + 2 * i] = (uint8_t)text[i];
		out[5 + 2 * i] = 0;
	}
}

static void test_loader_partition(void **state)
{
	uint8_t data[100];
	char guid[37];

	encode("AABBCCDD-0011-2233-4455-66778899AABB", data);
	assert_int_equal(loader_partition_decode(data, 78, guid), 0);
	assert_string_equal(guid, "aabbccdd-0011-2233-4455-66778899aabb");
	assert_int_equal(loader_partition_decode(data, 76, guid), 0);
	assert_int_equal(loader_partition_decode(data, 75, guid), -EBADMSG);
	assert_int_equal(loader_partition_decode(data, 80, guid), -EBADMSG);
	data[5] = 1;
	assert_int_equal(loader_partition_decode(data, 78, guid), -EBADMSG);
	encode("AABBCCDD/0011-2233-4455-66778899AABB", data);
	assert_int_equal(loader_partition_decode(data, 78, guid), -EBADMSG);
	encode("AABBCCDD-0011-2233-4455-6677889-AABB", data);
	assert_int_equal(loader_partition_decode(data, 78, guid), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loader_known),
		cmocka_unit_test(test_loader_disk_without_system),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_loader_unknown),
		cmocka_unit_test(test_guid),
		cmocka_unit_test(test_loader_partition),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
