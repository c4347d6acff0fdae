/* SPDX-License-Identifier: MIT */
/* An old pin in a real (software) TPM: whose it is, and that it goes. */
#include <errno.h>
#include <string.h>

#include "tpm.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "image/luks.h"
#include "init/pin.h"
#include "init/unlock.h"
#include "install/old-pin.h"

#define MUST(...) assert_int_equal(RUN(__VA_ARGS__), 0)
#define INDEX "0x01800a70"

static struct old_pin_facts look(void)
{
	_cleanup_close_ int fd = connect_tpm();
	struct old_pin_facts f;
	struct error err;

	assert_ok(old_pin_look_at(fd, &f, &err), &err);
	return f;
}

static int remove_it(struct error *err)
{
	_cleanup_close_ int fd = connect_tpm();

	return old_pin_remove_at(fd, err);
}

static void define(void)
{
	_cleanup_free_ char *size = xasprintf("%d", PIN_SIZE);

	MUST("tpm2_nvdefine", "-C", "o", "-s", size, "-a",
	     "ownerread|authread|ownerwrite|no_da", INDEX);
}

static void write_pin(void **state, uint8_t volume)
{
	struct pin pin = {.secure_boot = true};
	uint8_t bytes[PIN_SIZE];
	const char *file = in_directory(state, "content");

	memset(pin.volume, volume, sizeof(pin.volume));
	pin_encode(&pin, bytes);
	assert_int_equal(write_file_at(AT_FDCWD, file, bytes, sizeof(bytes), 0600), 0);
	define();
	MUST("tpm2_nvwrite", "-C", "o", "-i", file, INDEX);
}

static void test_none(void **state)
{
	const struct disk d = {0};
	struct old_pin_facts f = look();
	struct error err;

	assert_false(f.there);
	assert_int_equal(old_pin_of(&f, &d, true), OLD_PIN_NONE);
	assert_ok(remove_it(&err), &err);
	/* The next index isn't taken for it. */
	MUST("tpm2_nvdefine", "-C", "o", "-s", "8", "0x01800a71");
	assert_false(look().there);
	assert_ok(remove_it(&err), &err);
	MUST("tpm2_nvreadpublic", "0x01800a71");
}

static void test_whose(void **state)
{
	struct disk d = {.volume_count = 2};
	struct old_pin_facts f;

	write_pin(state, 7);
	f = look();
	assert_true(f.there && f.readable);
	memset(d.volumes[1], 7, sizeof(d.volumes[1]));
	assert_int_equal(old_pin_of(&f, &d, true), OLD_PIN_DISK);
	assert_int_equal(old_pin_of(&f, &d, false), OLD_PIN_OTHER);
	d.volume_count = 1;
	assert_int_equal(old_pin_of(&f, &d, true), OLD_PIN_OTHER);
}

/* Of a disk and its copy nobody can tell which one the TPM opens. */
static void test_twins(void **state _unused_)
{
	struct disk list[3] = {
		{.volume_count = 2}, {.volume_count = 1}, {.volume_count = 2}};
	struct disks d = {list, 3};
	struct old_pin_facts f = {.there = true, .readable = true};

	memset(list[0].volumes[0], 7, VOLUME_DIGEST_SIZE);
	memset(list[0].volumes[1], 8, VOLUME_DIGEST_SIZE);
	memset(list[1].volumes[0], 7, VOLUME_DIGEST_SIZE);
	memset(list[2].volumes[0], 9, VOLUME_DIGEST_SIZE);
	memset(list[2].volumes[1], 7, VOLUME_DIGEST_SIZE);
	disks_forget_twins(&d);
	memset(f.volume, 7, sizeof(f.volume));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(old_pin_of(&f, &list[i], true), OLD_PIN_OTHER);
	memset(f.volume, 8, sizeof(f.volume));
	assert_int_equal(old_pin_of(&f, &list[0], true), OLD_PIN_DISK);
	memset(f.volume, 9, sizeof(f.volume));
	assert_int_equal(old_pin_of(&f, &list[2], true), OLD_PIN_DISK);
}

static void test_remove(void **state)
{
	struct error err;

	write_pin(state, 7);
	assert_ok(remove_it(&err), &err);
	assert_false(look().there);
	assert_ok(remove_it(&err), &err);
}

/* Somebody else's, or never written: it is in the way all the same. */
static void test_unreadable(void **state)
{
	struct disk d = {.volume_count = 1};
	struct old_pin_facts f;
	struct error err;

	define();
	f = look();
	assert_true(f.there);
	assert_false(f.readable);
	/* No content is like none of any disk. */
	assert_int_equal(old_pin_of(&f, &d, true), OLD_PIN_OTHER);
	assert_ok(remove_it(&err), &err);
	assert_false(look().there);
}

static void test_refused(void **state)
{
	struct error err = {0};

	write_pin(state, 7);
	MUST("tpm2_changeauth", "-c", "owner", "somebody");
	assert_int_equal(remove_it(&err), -EIO);
	assert_non_null(strstr(err.message, "it answers with error 0x"));
	assert_true(look().there);
}

/* What the disk shows to everybody is what the boot writes into the pin. */
static void test_header(void **state)
{
	const char *file = in_directory(state, "disk");
	_cleanup_secret_ struct secret *password = secret_of("abc"), *key = NULL;
	const struct luks_options o = {.path = file, .password = password};
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *text = xcalloc(1, (12U << 10) + 1);
	_cleanup_close_ int fd = -EBADF;
	uint8_t digest[VOLUME_DIGEST_SIZE];
	struct error err;

	assert_ok(luks_format(&o, &key, &err), &err);
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, LUKS_DATA_OFFSET + (1 << 20)), 0);
	assert_int_equal(pread(fd, text, 12U << 10, 4096), 12U << 10);
	assert_int_equal(volume_digest(text, digest), 0);
	assert_ok(volume_open_header(file, "test", &v, &err), &err);
	assert_memory_equal(digest, volume_key_digest(v), sizeof(digest));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start_tpm, stop_tpm)
	const struct CMUnitTest tests[] = {
		TEST(test_none),
		TEST(test_whose),
		cmocka_unit_test(test_twins),
		TEST(test_remove),
		TEST(test_unreadable),
		TEST(test_refused),
		cmocka_unit_test_setup_teardown(test_header, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests_name("old-pin", tests, NULL, NULL);
}
