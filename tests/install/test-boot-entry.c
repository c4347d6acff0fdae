/* SPDX-License-Identifier: MIT */
/* Boot entries as a firmware keeps them; which of them lead to a disk that is gone. */
#include <errno.h>
#include <string.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "install/boot-entry.h"

#define GUID "03020100-0504-0706-0809-0a0b0c0d0e0f"
#define SUFFIX "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define ENTRY_MAX 512

struct bytes {
	uint8_t data[ENTRY_MAX];
	size_t size;
};

static void put(struct bytes *b, uint32_t value, size_t count)
{
	for (; count-- > 0; value >>= 8)
		b->data[b->size++] = (uint8_t)value;
}

static void put_text(struct bytes *b, const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++)
		put(b, (uint8_t)text[i], 2);
}

/* As efibootmgr 18 writes it: attributes, option, HD(…,GPT,…)/File(…), end. `first` is
 * the GUID's first byte. */
static struct bytes entry(const char *label, uint8_t first, const char *loader)
{
	struct bytes b = {0};
	size_t file = 4 + 2 * (strlen(loader) + 1);

	put(&b, 7, 4);
	put(&b, 1, 4);
	put(&b, (uint32_t)(42 + file + 4), 2);
	put_text(&b, label);
	put(&b, 0x0104, 2);
	put(&b, 42, 2);
	put(&b, 1, 4); /* partition, start, size */
	b.size += 16;
	put(&b, first, 1);
	for (uint8_t i = 1; i < 16; i++)
		put(&b, i, 1);
	put(&b, 2, 1); /* GPT */
	put(&b, 2, 1); /* GUID */
	put(&b, 0x0404, 2);
	put(&b, (uint32_t)file, 2);
	put_text(&b, loader);
	put(&b, 0xff7f, 2);
	put(&b, 4, 2);
	return b;
}

static void test_parse(void **state)
{
	struct bytes b = entry("Atom\xc3OS", 0, BOOT_ENTRY_LOADER);
	struct boot_entry e;

	assert_int_equal(boot_entry_parse(b.data, b.size, &e), 0);
	assert_string_equal(e.label, "Atom?OS");
	assert_string_equal(e.loader, "\\EFI\\BOOT\\BOOTX64.EFI");
	assert_string_equal(e.partition, GUID);
	/* Further bytes are the entry's own data. */
	put(&b, 0, 4);
	assert_int_equal(boot_entry_parse(b.data, b.size, &e), 0);
	b.size -= 4;
	while (b.size-- > 0)
		assert_int_equal(boot_entry_parse(b.data, b.size, &e), -EBADMSG);
}

static void test_odd(void **state)
{
	struct bytes b = entry("AtomOS", 0, BOOT_ENTRY_LOADER);
	const size_t node = 10 + 2 * 7;
	struct boot_entry e;

	/* A partition of an MBR has no GUID. */
	b.data[node + 41] = 1;
	assert_int_equal(boot_entry_parse(b.data, b.size, &e), 0);
	assert_string_equal(e.partition, "");
	/* A node without a length would never end. */
	b.data[node + 2] = 0;
	assert_int_equal(boot_entry_parse(b.data, b.size, &e), -EBADMSG);
}

static void write_entry(void **state, const char *name, const struct bytes *b)
{
	assert_int_equal(write_file_at(AT_FDCWD, in_directory(state, name), b->data,
				       b->size, 0600),
			 0);
}

static void test_which(void **state)
{
	struct bytes ours = entry("AtomOS", 0, BOOT_ENTRY_LOADER),
		     elsewhere = entry("AtomOS", 9, BOOT_ENTRY_LOADER),
		     windows = entry("Windows Boot Manager", 0, "\\EFI\\x.efi"),
		     namesake = entry("AtomOS", 0, "\\EFI\\x.efi");
	struct gpt gpt = {.count = 2, .partitions = {{.uuid = "other"}, {.uuid = GUID}}};
	char **numbers;

	write_entry(state, "Boot000A" SUFFIX, &ours);
	write_entry(state, "Boot0002" SUFFIX, &ours);
	write_entry(state, "Boot0003" SUFFIX, &elsewhere);
	write_entry(state, "Boot0004" SUFFIX, &windows);
	write_entry(state, "Boot0005" SUFFIX, &namesake);
	write_entry(state, "BootOrder" SUFFIX, &ours);
	write_entry(state, "Boot0006-00000000-0000-0000-0000-000000000000", &ours);
	numbers = boot_entries_of(*state, &gpt);
	assert_int_equal(strv_length(numbers), 2);
	assert_string_equal(numbers[0], "0002");
	assert_string_equal(numbers[1], "000A");
	strv_free(numbers);
	gpt.count = 1;
	assert_null(boot_entries_of(*state, &gpt));
	assert_null(boot_entries_of("/nowhere", &gpt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_odd),
		cmocka_unit_test_setup_teardown(test_which, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("boot-entry", tests, NULL, NULL);
}
