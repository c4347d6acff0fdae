/* SPDX-License-Identifier: MIT */
/* A fresh header over old data, and files with holes, on a file in place of a disk. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "image/luks.h"
#include "install/container.h"
#include "install/write.h"

#define MIB (1ULL << 20)
#define DISK (24 * MIB)
#define OLD 0xee

/* A disk that is full of something. */
static const char *make_disk(void **state)
{
	const char *path = in_directory(state, "disk");
	_cleanup_free_ char *data = xmalloc(DISK);

	memset(data, OLD, DISK);
	assert_int_equal(write_file_at(AT_FDCWD, path, data, DISK, 0600), 0);
	return path;
}

static uint8_t byte_at(const char *path, uint64_t offset)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
	return byte;
}

static void test_format(void **state)
{
	const char *path = make_disk(state);
	_cleanup_secret_ struct secret *password = secret_of("atomos"), *first = NULL,
				       *second = NULL, *opened = NULL;
	const struct container c = {.disk = path,
				    .region = {2 * MIB, 20 * MIB},
				    .password = password,
				    .directory = *state};
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error err;

	assert_ok(container_prepare(&c, &first, &err), &err);
	/* Whatever fails by now fails before the disk is lost. */
	assert_int_equal(byte_at(path, 2 * MIB), OLD);
	assert_ok(container_write(&c, &err), &err);
	assert_ok(container_prepare(&c, &second, &err), &err);
	assert_ok(container_write(&c, &err), &err);
	assert_memory_not_equal(first->data, second->data, first->size);
	assert_ok(luks_open(fd, 2 * MIB, password, &opened, &err), &err);
	assert_int_equal(opened->size, second->size);
	assert_memory_equal(opened->data, second->data, opened->size);
	/* Nothing of what was there is left in the header, and nothing beside it was
	 * touched. */
	assert_int_not_equal(byte_at(path, 2 * MIB + LUKS_DATA_OFFSET - 1), OLD);
	assert_int_equal(byte_at(path, 2 * MIB - 1), OLD);
	assert_int_equal(byte_at(path, 2 * MIB + LUKS_DATA_OFFSET), OLD);
}

static void test_holes(void **state)
{
	const char *path = make_disk(state), *file = in_directory(state, "file");
	_cleanup_close_ int in = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
			    disk = open(path, O_RDWR | O_CLOEXEC);
	struct error err;

	assert_int_equal(ftruncate(in, 10 * MIB), 0);
	assert_int_equal(pwrite(in, "x", 1, 8 * MIB + 5), 1);
	assert_ok(write_region(disk, 4 * MIB, file, 10 * MIB, 2 * MIB, &err), &err);
	assert_int_equal(byte_at(path, 4 * MIB - 1), OLD);
	assert_int_equal(byte_at(path, 4 * MIB), 0);
	assert_int_equal(byte_at(path, 6 * MIB - 1), 0);
	/* A hole behind what is written wholly. */
	assert_int_equal(byte_at(path, 7 * MIB), OLD);
	assert_int_equal(byte_at(path, 12 * MIB + 5), 'x');
	assert_int_equal(byte_at(path, 14 * MIB), OLD);
}

static void test_short_file(void **state)
{
	const char *path = make_disk(state), *file = in_directory(state, "file");
	_cleanup_close_ int disk = open(path, O_RDWR | O_CLOEXEC);
	struct error err;

	assert_int_equal(write_file_at(AT_FDCWD, file, "short", 5, 0600), 0);
	assert_int_equal(write_region(disk, 0, file, MIB, MIB, &err), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_format, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_holes, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_short_file, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
