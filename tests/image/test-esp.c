/* SPDX-License-Identifier: MIT */
/* The EFI system partition: same input, same bytes; sound; complete. */
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/esp.h"

#define EPOCH 1794169200

static void make_sized(void **state, const char *path, const char *seed, uint64_t size,
		       unsigned sector)
{
	const char *large = in_directory(state, "large"),
		   *small = in_directory(state, "small");
	_cleanup_free_ char *data = xcalloc(5, 1 << 20);
	const struct esp_file files[] = {{"EFI/BOOT/BOOTX64.EFI", large},
					 {"EFI/Linux/atomos-1.efi", large},
					 {"loader/loader.conf", small}};
	struct error err;

	memset(data, 'x', 5 << 20);
	assert_int_equal(write_file_at(AT_FDCWD, large, data, 5 << 20, 0600), 0);
	assert_int_equal(write_file_at(AT_FDCWD, small, "timeout 0\n", 10, 0600), 0);
	assert_ok(esp_make(path,
			   &(struct esp_options){.files = files,
						 .count = ELEMENTSOF(files),
						 .seed = seed,
						 .epoch = EPOCH,
						 .size = size,
						 .sector = sector},
			   &err),
		  &err);
}

static void make(void **state, const char *path, const char *seed)
{
	make_sized(state, path, seed, 0, 0);
}

/* As an installation makes it, on disks of both kinds of sectors. */
static void test_large(void **state)
{
	static const unsigned sectors[] = {512, 4096};

	for (size_t i = 0; i < ELEMENTSOF(sectors); i++) {
		const char *path = in_directory(state, "esp");
		const char *const check[] = {"fsck.vfat", "-n", path, NULL};
		const char *const list[] = {"mdir", "-/", "-b", "-i", path, "::", NULL};
		_cleanup_free_ char *names = NULL;
		struct stat st;

		make_sized(state, path, "seed", 1ULL << 30, sectors[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 1LL << 30);
		/* Little more than the files: it is made in memory. */
		assert_true(st.st_blocks * 512 < 32LL << 20);
		run_program(check, NULL);
		run_program(list, &names);
		assert_non_null(strstr(names, "::/EFI/Linux/atomos-1.efi"));
		unlink(path);
	}
}

static void test_sound(void **state)
{
	const char *path = in_directory(state, "esp");
	const char *const check[] = {"fsck.vfat", "-n", path, NULL};
	const char *const list[] = {"mdir", "-/", "-b", "-i", path, "::", NULL};
	const char *const show[] = {"mtype", "-i", path, "::/loader/loader.conf", NULL};
	_cleanup_free_ char *names = NULL, *text = NULL;

	make(state, path, "seed");
	run_program(check, NULL);
	run_program(list, &names);
	assert_non_null(strstr(names, "::/EFI/BOOT/BOOTX64.EFI"));
	assert_non_null(strstr(names, "::/EFI/Linux/atomos-1.efi"));
	run_program(show, &text);
	assert_string_equal(text, "timeout 0\n");
}

static void test_reproducible(void **state)
{
	const char *a = in_directory(state, "a"), *b = in_directory(state, "b");
	const char *c = in_directory(state, "c");
	const char *const same[] = {"cmp", a, b, NULL};
	_cleanup_free_ char *first = NULL, *other = NULL;
	size_t size;

	make(state, a, "seed");
	make(state, b, "seed");
	run_program(same, NULL);
	/* Another seed is another volume number. */
	make(state, c, "other");
	assert_int_equal(read_file_at(AT_FDCWD, a, 128 << 20, &first, &size), 0);
	assert_int_equal(read_file_at(AT_FDCWD, c, 128 << 20, &other, &size), 0);
	assert_memory_not_equal(first, other, size);
}

static void test_missing_source(void **state)
{
	const struct esp_file file = {"a", in_directory(state, "missing")};
	struct error err;

	assert_int_equal(
		esp_make(in_directory(state, "esp"),
			 &(struct esp_options){
				 .files = &file, .count = 1, .seed = "s", .epoch = EPOCH},
			 &err),
		-ENOENT);
	assert_non_null(strstr(err.message, "missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_large, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_sound, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_reproducible, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_missing_source, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
