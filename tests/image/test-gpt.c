/* SPDX-License-Identifier: MIT */
/* Partition tables: layout, and what comes back from a file. */
#include <string.h>

#include "fixture.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/gpt.h"

static void test_guid(void **state)
{
	char a[GUID_LENGTH + 1], b[GUID_LENGTH + 1];

	/* sha256("seed\nroot\n"), version 8, variant 1 */
	guid_derive("seed", "root", a);
	assert_string_equal(a, "b5512aad-a783-8996-bc91-58e2d536cc06");
	guid_derive("seed", "esp", b);
	assert_string_not_equal(a, b);
}

static void make_layout(struct gpt *gpt)
{
	*gpt = (struct gpt){0};
	guid_derive("disk", "test", gpt->uuid);
	gpt_add(gpt, GPT_ESP, "esp", (34 << 20) + 1);
	gpt_add(gpt, GPT_BIOS_BOOT, "bios", 1 << 20);
	gpt_add(gpt, GPT_MEDIUM_ROOT, "atomos", 17 << 20);
}

static void test_layout(void **state)
{
	struct gpt gpt;

	make_layout(&gpt);
	assert_int_equal(gpt.count, 3);
	assert_int_equal(gpt.partitions[0].start, 1 << 20);
	assert_int_equal(gpt.partitions[0].size, 35 << 20);
	assert_int_equal(gpt.partitions[1].start, 36 << 20);
	assert_int_equal(gpt.partitions[2].start, 37 << 20);
	assert_int_equal(gpt.size, (37 + 17 + 1) << 20);
}

static void test_round_trip(void **state)
{
	const char *path = in_directory(state, "disk.img");
	_cleanup_close_ int fd = -EBADF;
	struct gpt gpt, back;
	struct error err;

	make_layout(&gpt);
	assert_ok(gpt_write(&gpt, path, &err), &err);
	fd = open(path, O_RDONLY);
	assert_ok(gpt_read(fd, &back, &err), &err);
	assert_string_equal(back.uuid, gpt.uuid);
	assert_int_equal(back.size, gpt.size);
	assert_int_equal(back.count, gpt.count);
	for (size_t i = 0; i < gpt.count; i++) {
		assert_string_equal(back.partitions[i].type, gpt.partitions[i].type);
		assert_string_equal(back.partitions[i].uuid, gpt.partitions[i].uuid);
		assert_string_equal(back.partitions[i].name, gpt.partitions[i].name);
		assert_int_equal(back.partitions[i].start, gpt.partitions[i].start);
		assert_int_equal(back.partitions[i].size, gpt.partitions[i].size);
	}
	assert_ptr_equal(gpt_find(&back, GPT_MEDIUM_ROOT), &back.partitions[2]);
	assert_null(gpt_find(&back, GPT_INSTALLED_ROOT));
}

static void test_no_table(void **state)
{
	_cleanup_close_ int fd =
		open(in_directory(state, "empty"), O_RDWR | O_CREAT, 0600);
	struct error err;
	struct gpt gpt;

	assert_int_equal(ftruncate(fd, 8 << 20), 0);
	assert_int_equal(gpt_read(fd, &gpt, &err), -EMEDIUMTYPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guid),
		cmocka_unit_test(test_layout),
		cmocka_unit_test_setup_teardown(test_round_trip, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_table, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
