/* SPDX-License-Identifier: MIT */
/* Copies of homes' headers: made when a slot is there, put back when a cut took it. */
#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "owner/home-header.h"

#define OLD "seven lamps"
#define NEW "nine other lamps"
#define OTHER "a recovery key"
#define ONE_METADATA (4 << 20)
#define METADATA (2 * ONE_METADATA)
#define SECTOR 4096

static const struct crypt_pbkdf_type least = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha256",
	.iterations = 1000,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

/* The power that fails while a home is written: at write `at`, of which the sectors stay
 * that `random` says. */
static struct {
	int at;
	unsigned random;
	int writes, unsynced;
} cut = {.at = -1};

static bool is_home(int fd)
{
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", fd);
	char path[4096] = {0};

	return readlink(link, path, sizeof(path) - 1) > 0 && endswith(path, "/ada.home");
}

static ssize_t tear(int fd, const char *data, size_t size, off_t at)
{
	for (size_t i = 0; i < size; i += SECTOR)
		if (rand_r(&cut.random) % 2)
			(void)syscall(SYS_pwrite64, fd, data + i, MIN(SECTOR, size - i),
				      at + (off_t)i);
	errno = EIO;
	return -1;
}

/* In place of the C library's, whatever calls it. */
ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	if (cut.at < 0 || !is_home(fd))
		return syscall(SYS_pwrite64, fd, data, size, at);
	/* A write may be torn together with all that wasn't flushed. */
	assert_int_equal(cut.unsynced, 0);
	if (cut.writes++ == cut.at)
		return tear(fd, data, size, at);
	cut.unsynced++;
	return syscall(SYS_pwrite64, fd, data, size, at);
}

int fsync(int fd)
{
	if (is_home(fd))
		cut.unsynced = 0;
	/* Whether it gets to the disk is for other tests. */
	return 0;
}

/* It would wait for whatever else is written to that disk. */
int syncfs(int fd _unused_)
{
	return 0;
}

struct fixture {
	const char *homes, *copies, *home, *copy, *header, *seen;
	uint64_t start;
};

static char *read_whole(const char *path, uint64_t at)
{
	char *data = xcalloc(1, LUKS_DATA_OFFSET);
	_cleanup_close_ int fd = open(path, O_RDONLY);

	assert_true(pread(fd, data, LUKS_DATA_OFFSET, (off_t)at) >= HOME_HEADER_SIZE);
	return data;
}

static void write_whole(const char *path, uint64_t at, const char *data)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(pwrite(fd, data, LUKS_DATA_OFFSET, (off_t)at), LUKS_DATA_OFFSET);
}

/* What homed's file has at its place becomes this header. */
static void use(const struct fixture *f)
{
	_cleanup_free_ char *data = read_whole(f->header, 0);

	write_whole(f->home, f->start, data);
}

static void format(const struct fixture *f, uint64_t metadata, uint64_t slots,
		   uint64_t data)
{
	struct crypt_params_luks2 shape = {.pbkdf = &least,
					   .data_alignment = (uint32_t)(data / 512),
					   .sector_size = 512};
	struct crypt_device *cd;

	assert_int_equal(write_file_at(AT_FDCWD, f->header, "", 0, 0600), 0);
	assert_int_equal(truncate(f->header, 2 * LUKS_DATA_OFFSET), 0);
	assert_int_equal(crypt_init(&cd, f->header), 0);
	assert_int_equal(crypt_set_metadata_size(cd, metadata, slots), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL,
				      64, &shape),
			 0);
	assert_int_equal(
		crypt_keyslot_add_by_volume_key(cd, 0, NULL, 0, OLD, strlen(OLD)), 0);
	crypt_free(cd);
	use(f);
}

/* As homed makes it. */
static void new_volume(const struct fixture *f)
{
	format(f, ONE_METADATA, 2 * ONE_METADATA, LUKS_DATA_OFFSET);
}

static struct fixture make(void **state)
{
	struct fixture f = {
		.homes = in_directory(state, "homes"),
		.copies = in_directory(state, "state/homes"),
		.home = in_directory(state, "homes/ada.home"),
		.copy = in_directory(state, "state/homes/ada"),
		.header = in_directory(state, "header"),
		.seen = in_directory(state, "seen"),
	};
	_cleanup_free_ struct gpt *gpt = xcalloc(1, sizeof(*gpt));
	struct error err;

	assert_int_equal(mkdir(f.homes, 0755), 0);
	guid_derive("home", "disk", gpt->uuid);
	f.start = gpt_add(gpt, GPT_HOME, "home", 2 * LUKS_DATA_OFFSET)->start;
	assert_ok(gpt_write(gpt, f.home, &err), &err);
	new_volume(&f);
	return f;
}

static void keep(const struct fixture *f)
{
	struct error err;

	assert_ok(home_header_keep(f->homes, f->copies, "ada", &err), &err);
}

static int mend(const struct fixture *f)
{
	struct error err;
	int r = home_header_mend(f->homes, f->copies, "ada", &err);

	if (r < 0)
		fail_msg("%s", err.message);
	return r;
}

static struct crypt_device *load(const struct fixture *f)
{
	struct crypt_device *cd;

	assert_int_equal(crypt_init(&cd, f->header), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	return cd;
}

static bool opens(const struct fixture *f, const char *word)
{
	_cleanup_free_ char *header = read_whole(f->home, f->start);
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	char key[64];
	size_t size = sizeof(key);

	write_whole(f->seen, 0, header);
	assert_int_equal(crypt_init(&cd, f->seen), 0);
	return crypt_load(cd, CRYPT_LUKS2, NULL) == 0 &&
	       crypt_volume_key_get(cd, CRYPT_ANY_SLOT, key, &size, word, strlen(word)) >=
		       0;
}

/* As homed does it: the old slot goes first. `end`: the new one comes. */
static void change(const struct fixture *f, bool end)
{
	struct crypt_device *cd = load(f);
	char key[64];
	size_t size = sizeof(key);

	assert_int_equal(
		crypt_volume_key_get(cd, CRYPT_ANY_SLOT, key, &size, OLD, strlen(OLD)),
		0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &least), 0);
	assert_int_equal(crypt_keyslot_destroy(cd, 0), 0);
	if (end)
		assert_int_equal(crypt_keyslot_add_by_volume_key(cd, 0, key, size, NEW,
								 strlen(NEW)),
				 0);
	crypt_free(cd);
	use(f);
}

static void alter(const struct fixture *f, size_t at, size_t size)
{
	_cleanup_free_ char *header = read_whole(f->home, f->start);

	memset(header + at, 0xa5, size);
	write_whole(f->home, f->start, header);
}

/* A second slot, as homed's recovery key is. */
static void add_other(const struct fixture *f)
{
	struct crypt_device *cd = load(f);

	assert_int_equal(crypt_set_pbkdf_type(cd, &least), 0);
	assert_int_equal(crypt_keyslot_add_by_passphrase(cd, 1, OLD, strlen(OLD), OTHER,
							 strlen(OTHER)),
			 1);
	crypt_free(cd);
	use(f);
}

static void destroy(const struct fixture *f, int slot)
{
	struct crypt_device *cd = load(f);

	assert_int_equal(crypt_keyslot_destroy(cd, slot), 0);
	crypt_free(cd);
	use(f);
}

static void test_kept(void **state)
{
	struct fixture f = make(state);
	_cleanup_free_ char *header = read_whole(f.home, f.start), *copy = NULL;
	struct stat st, again;

	keep(&f);
	copy = read_whole(f.copy, 0);
	assert_memory_equal(copy, header, HOME_HEADER_SIZE);
	assert_int_equal(stat(f.copies, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(f.copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	keep(&f);
	assert_int_equal(stat(f.copy, &again), 0);
	assert_int_equal(again.st_ino, st.st_ino);
	assert_int_equal(mend(&f), 0);
}

static void test_no_slot_is_left(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	change(&f, false);
	assert_false(opens(&f, OLD));
	/* A copy of this one would be of no use. */
	keep(&f);
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
	assert_int_equal(mend(&f), 0);
}

/* The list of slots still has it. */
static void test_slot_is_wiped(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	alter(&f, METADATA, SECTOR);
	assert_false(opens(&f, OLD));
	/* The copy that mends it isn't given up for one of this. */
	keep(&f);
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
}

/* homed has come as far as the first of two. */
static void test_first_of_two_is_gone(void **state)
{
	struct fixture f = make(state);

	add_other(&f);
	keep(&f);
	destroy(&f, 0);
	keep(&f);
	assert_false(opens(&f, OLD));
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
	assert_true(opens(&f, OTHER));
}

/* Somebody's wish. */
static void test_second_of_two_is_gone(void **state)
{
	struct fixture f = make(state);

	add_other(&f);
	keep(&f);
	destroy(&f, 1);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OTHER));
	keep(&f);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OTHER));
}

static void no_slot(const struct fixture *f)
{
	change(f, false);
}

static void slot_wiped(const struct fixture *f)
{
	alter(f, METADATA, SECTOR);
}

static void first_metadata_torn(const struct fixture *f)
{
	no_slot(f);
	alter(f, 512, 512);
}

static void second_metadata_torn(const struct fixture *f)
{
	no_slot(f);
	alter(f, ONE_METADATA + 512, 512);
}

/* At least one of its metadata areas. */
static void assert_readable(const struct fixture *f)
{
	_cleanup_free_ char *header = read_whole(f->home, f->start);
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;

	write_whole(f->seen, 0, header);
	assert_int_equal(crypt_init(&cd, f->seen), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
}

/* The power fails again, at each write, and leaves any of its sectors: what comes behind
 * mends it. */
static void test_cut_while_it_is_mended(void **state)
{
	static void (*const states[])(const struct fixture *) = {
		no_slot, slot_wiped, first_metadata_torn, second_metadata_torn};
	struct fixture f = make(state);
	_cleanup_free_ char *whole = read_whole(f.header, 0);
	struct error err;

	keep(&f);
	for (size_t i = 0; i < ELEMENTSOF(states); i++) {
		for (unsigned n = 0; n < 6; n++) {
			write_whole(f.header, 0, whole);
			use(&f);
			states[i](&f);
			cut.at = (int)n % 3;
			cut.random = n;
			cut.writes = cut.unsynced = 0;
			assert_int_equal(home_header_mend(f.homes, f.copies, "ada", &err),
					 -EIO);
			cut.at = -1;
			assert_readable(&f);
			assert_true(mend(&f) >= 0);
			assert_true(opens(&f, OLD));
		}
	}
}

/* Of nothing but sectors that were torn in both metadata areas. */
static void test_both_metadata_torn(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	alter(&f, SECTOR, 512);
	alter(&f, ONE_METADATA + SECTOR, 512);
	assert_false(opens(&f, OLD));
	keep(&f);
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
}

/* Nothing says whose they were. */
static void test_no_header_is_left(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	alter(&f, 0, METADATA);
	keep(&f);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OLD));
}

static void test_in_use(void **state)
{
	struct fixture f = make(state);
	int fd = open(f.home, O_RDONLY);

	keep(&f);
	change(&f, false);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OLD));
	close(fd);
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
}

static void test_copy_cant_be_written(void **state)
{
	struct fixture f = make(state);
	struct error err;

	assert_int_equal(make_parents_at(AT_FDCWD, f.copy), 0);
	assert_int_equal(mkdir(f.copy, 0700), 0);
	assert_true(home_header_keep(f.homes, f.copies, "ada", &err) < 0);
	assert_non_null(strstr(err.message, "The header of ada's home can't be copied"));
}

static void test_first_metadata_is_torn(void **state)
{
	struct fixture f = make(state);
	_cleanup_free_ char *header = read_whole(f.home, f.start);

	keep(&f);
	memset(header + 512, 0, 512);
	memset(header + METADATA, 0xa5, 4096);
	write_whole(f.home, f.start, header);
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
}

static void test_whole_change_stays(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	change(&f, true);
	assert_int_equal(mend(&f), 0);
	assert_true(opens(&f, NEW));
	assert_false(opens(&f, OLD));
	keep(&f);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OLD));
}

/* A home of that name was made anew. */
static void test_another_volume_stays(void **state)
{
	struct fixture f = make(state);
	struct crypt_device *cd;

	keep(&f);
	new_volume(&f);
	cd = load(&f);
	assert_int_equal(crypt_keyslot_destroy(cd, 0), 0);
	crypt_free(cd);
	use(&f);
	assert_int_equal(mend(&f), 0);
	assert_false(opens(&f, OLD));
}

static void test_what_is_no_home(void **state)
{
	struct fixture f = make(state);
	const char *elsewhere = in_directory(state, "elsewhere");
	struct error err;

	assert_int_equal(home_header_keep(f.homes, f.copies, "bob", &err), 0);
	assert_int_equal(home_header_mend(f.homes, f.copies, "bob", &err), 0);
	keep(&f);
	assert_int_equal(rename(f.home, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, f.home), 0);
	assert_int_equal(mend(&f), 0);
	keep(&f);
	assert_int_equal(unlink(f.home), 0);
	assert_int_equal(mkdir(f.home, 0700), 0);
	assert_int_equal(mend(&f), 0);
	assert_int_equal(rmdir(f.home), 0);
	assert_int_equal(write_file_at(AT_FDCWD, f.home, "text", 4, 0600), 0);
	keep(&f);
	assert_int_equal(mend(&f), 0);
}

/* Putting it back would put back what the home had then, too. */
static void test_data_further_in_front(void **state)
{
	struct fixture f = make(state);

	format(&f, 16U << 10, 1U << 20, 2U << 20);
	keep(&f);
	assert_int_equal(access(f.copy, F_OK), -1);
}

static void test_copy_cut_short(void **state)
{
	struct fixture f = make(state);

	keep(&f);
	change(&f, false);
	assert_int_equal(truncate(f.copy, 4096), 0);
	assert_int_equal(mend(&f), 0);
}

static void test_prune(void **state)
{
	struct fixture f = make(state);
	char *users[] = {(char *)"bob", NULL};

	keep(&f);
	home_headers_prune(f.copies, users);
	assert_int_equal(access(f.copy, F_OK), -1);
	home_headers_prune(in_directory(state, "nowhere"), users);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup_directory, teardown_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_kept),
		CASE(test_no_slot_is_left),
		CASE(test_slot_is_wiped),
		CASE(test_first_of_two_is_gone),
		CASE(test_second_of_two_is_gone),
		CASE(test_cut_while_it_is_mended),
		CASE(test_both_metadata_torn),
		CASE(test_no_header_is_left),
		CASE(test_in_use),
		CASE(test_copy_cant_be_written),
		CASE(test_first_metadata_is_torn),
		CASE(test_whole_change_stays),
		CASE(test_another_volume_stays),
		CASE(test_what_is_no_home),
		CASE(test_data_further_in_front),
		CASE(test_copy_cut_short),
		CASE(test_prune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
