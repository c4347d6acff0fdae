/* SPDX-License-Identifier: MIT */
/* The file system: cut to its size without harm, damage recognised. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "core/btrfs-super.h"
#include "image/btrfs.h"
#include "image/mount.h"

#define UUID "0f3a1f2e-9d5d-8b7a-8c3e-d1f0a7c6b5a4"
#define SUPERBLOCK 65536

/* A small tree, one file of it larger than a block group. */
static void make_tree(const char *path)
{
	static char zeros[9 << 20];
	int dir;

	assert_int_equal(mkdir(path, 0755), 0);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mkdirat(dir, "nix", 0755), 0);
	assert_int_equal(mkdirat(dir, "state", 0755), 0);
	for (size_t i = 0; i < sizeof(zeros); i++)
		zeros[i] = (char)(i * 2654435761U >> 13);
	assert_int_equal(write_file_at(dir, "nix/large", zeros, sizeof(zeros), 0444), 0);
	assert_int_equal(write_file_at(dir, "nix/small", "hello", 5, 0444), 0);
	close(dir);
}

static void make_volume(const char *file, const char *tree)
{
	const char *const argv[] = {"mkfs.btrfs", "-q", "--metadata", "single",
				    "--rootdir",  tree, "--subvol",   "nix",
				    "--uuid",	  UUID, file,	      NULL};

	make_tree(tree);
	assert_int_equal(close(open(file, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(truncate(file, 512 << 20), 0);
	run_program(argv, NULL);
}

static void check_clean(const char *file)
{
	const char *const argv[] = {"btrfs", "check", "--check-data-csum", file, NULL};

	run_program(argv, NULL);
}

#define SECTOR 512

/* Each part of it that a power cut may leave as it was. */
static void test_torn_superblock(void **state)
{
	static const uint8_t other[SECTOR] = {0xa5};
	const char *file = in_directory(state, "volume");
	struct btrfs_super_block good, read;
	int fd;

	make_volume(file, in_directory(state, "tree"));
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(btrfs_super_read(fd, &good), 0);
	assert_int_equal(btrfs_super_mend(fd), 0);
	for (size_t at = 0; at < sizeof(good); at += SECTOR) {
		assert_int_equal(pwrite(fd, other, SECTOR, (off_t)(SUPERBLOCK + at)),
				 SECTOR);
		assert_int_equal(btrfs_super_read(fd, &read), -EUCLEAN);
		assert_int_equal(btrfs_super_mend(fd), 1);
		assert_int_equal(btrfs_super_read(fd, &read), 0);
		assert_memory_equal(&read, &good, sizeof(good));
	}
	check_clean(file);
	/* Without a whole copy nothing is written. */
	assert_int_equal(pwrite(fd, other, SECTOR, SUPERBLOCK), SECTOR);
	assert_int_equal(pwrite(fd, other, SECTOR, (off_t)btrfs_super_offsets[1]),
			 SECTOR);
	assert_int_equal(btrfs_super_mend(fd), 0);
	assert_int_equal(btrfs_super_read(fd, &read), -EUCLEAN);
	close(fd);
}

static void test_shrink(void **state)
{
	const char *file = in_directory(state, "volume");
	struct error err;
	uint64_t size, again;
	struct stat st;

	make_volume(file, in_directory(state, "tree"));
	assert_ok(btrfs_shrink(file, &size, &err), &err);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, size);
	/* The content, a system and a metadata group, and never half a gigabyte. */
	assert_in_range(size, 9 << 20, 64 << 20);
	check_clean(file);
	assert_ok(btrfs_shrink(file, &again, &err), &err);
	assert_int_equal(again, size);
}

#define FILES 64
#define FILE_SIZE (8 << 20)

static char *file_name(const char *directory, int i)
{
	return xasprintf("%s/%02d", directory, i);
}

/* Fills `data` with bytes that tell files apart. */
static void fill(char *data, int i)
{
	memset(data, 'a' + i % 26, FILE_SIZE);
	memcpy(data, &i, sizeof(i));
}

/* One file in four stays; each lies in two block groups. */
static bool stays(int i)
{
	return i % 4 == 1;
}

/* A file system of many block groups with holes between them. */
static void make_holes(const char *volume, const char *tree)
{
	const char *const mkfs[] = {"mkfs.btrfs", "-q",	    "--nodesize", "4096",
				    "--metadata", "single", "--rootdir",  tree,
				    volume,	  NULL};
	_cleanup_loop_mount_ struct loop_mount m = {0};
	_cleanup_free_ char *data = xmalloc(FILE_SIZE);
	struct error err;

	assert_int_equal(mkdir(tree, 0755), 0);
	for (int i = 0; i < FILES; i++) {
		_cleanup_free_ char *name = file_name(tree, i);

		fill(data, i);
		assert_int_equal(write_file_at(AT_FDCWD, name, data, FILE_SIZE, 0644), 0);
	}
	assert_int_equal(close(open(volume, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(truncate(volume, 1 << 30), 0);
	run_program(mkfs, NULL);
	assert_ok(loop_mount(volume, false, &m, &err), &err);
	for (int i = 0; i < FILES; i++) {
		_cleanup_free_ char *name = file_name(m.directory, i);

		if (!stays(i))
			assert_int_equal(unlink(name), 0);
	}
	run_program(
		(const char *const[]){"btrfs", "filesystem", "sync", m.directory, NULL},
		NULL);
	run_program((const char *const[]){"btrfs", "balance", "start", "-dusage=0",
					  "-musage=0", m.directory, NULL},
		    NULL);
	assert_ok(loop_unmount(&m, &err), &err);
}

static void test_holes_are_closed(void **state)
{
	const char *volume = in_directory(state, "volume");
	_cleanup_loop_mount_ struct loop_mount m = {0};
	_cleanup_free_ char *data = xmalloc(FILE_SIZE);
	struct error err;
	uint64_t size;

	make_holes(volume, in_directory(state, "tree"));
	assert_ok(btrfs_shrink(volume, &size, &err), &err);
	assert_in_range(size, FILES / 4 * FILE_SIZE, (FILES / 2 + 8) * FILE_SIZE);
	check_clean(volume);
	assert_ok(loop_mount(volume, true, &m, &err), &err);
	for (int i = 1; i < FILES; i += 4) {
		_cleanup_free_ char *name = file_name(m.directory, i), *back = NULL;
		size_t n;

		fill(data, i);
		assert_int_equal(read_file_at(AT_FDCWD, name, FILE_SIZE, &back, &n), 0);
		assert_int_equal(n, FILE_SIZE);
		assert_memory_equal(back, data, FILE_SIZE);
	}
	assert_ok(loop_unmount(&m, &err), &err);
}

static void test_damage(void **state)
{
	static const off_t places[] = {SUPERBLOCK + 0x58, SUPERBLOCK + 0x40};
	const char *file = in_directory(state, "volume");
	_cleanup_close_ int fd = -EBADF;
	struct error err;
	uint64_t size;

	make_volume(file, in_directory(state, "tree"));
	fd = open(file, O_RDWR);
	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		uint8_t byte;

		assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
		assert_int_equal(btrfs_shrink(file, &size, &err), -EUCLEAN);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
	}
	check_clean(file);
}

static void test_duplicated_metadata_refused(void **state)
{
	const char *file = in_directory(state, "volume");
	const char *const argv[] = {"mkfs.btrfs", "-q", "--metadata", "dup", file, NULL};
	struct error err;
	uint64_t size;

	assert_int_equal(close(open(file, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(truncate(file, 256 << 20), 0);
	run_program(argv, NULL);
	assert_int_equal(btrfs_shrink(file, &size, &err), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shrink, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_holes_are_closed, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_torn_superblock, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_damage, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_duplicated_metadata_refused,
						setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
