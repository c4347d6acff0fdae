/* SPDX-License-Identifier: MIT */
/* Copies of homes' headers: made when a slot is there, put back when a cut took it. */
#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "owner/home-header.h"

#define OLD "seven lamps"
#define NEW "nine other lamps"
#define METADATA (32 << 10)

static const struct crypt_pbkdf_type least = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha256",
	.iterations = 1000,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

struct fixture {
	const char *homes, *copies, *home, *copy, *header;
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

static void new_volume(const struct fixture *f)
{
	_cleanup_secret_ struct secret *password = secret_of(OLD), *key = NULL;
	const struct luks_options o = {.path = f->header, .password = password};
	struct error err;

	(void)unlink(f->header);
	assert_ok(luks_format(&o, &key, &err), &err);
	use(f);
}

static struct fixture make(void **state)
{
	struct fixture f = {
		.homes = in_directory(state, "homes"),
		.copies = in_directory(state, "state/homes"),
		.home = in_directory(state, "homes/ada.home"),
		.copy = in_directory(state, "state/homes/ada"),
		.header = in_directory(state, "header"),
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

static bool opens(const struct fixture *f, const char *word)
{
	_cleanup_secret_ struct secret *password = secret_of(word), *key = NULL;
	_cleanup_close_ int fd = open(f->home, O_RDONLY);
	struct error err;

	return luks_open(fd, f->start, password, &key, &err) == 0;
}

static struct crypt_device *load(const struct fixture *f)
{
	struct crypt_device *cd;

	assert_int_equal(crypt_init(&cd, f->header), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	return cd;
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
	_cleanup_free_ char *header = read_whole(f.home, f.start);

	keep(&f);
	memset(header + METADATA, 0xa5, 4096);
	write_whole(f.home, f.start, header);
	assert_false(opens(&f, OLD));
	assert_int_equal(mend(&f), 1);
	assert_true(opens(&f, OLD));
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

/* One that lies behind what is copied: putting the rest back would lose it. */
static void test_slot_further_behind(void **state)
{
	struct fixture f = make(state);
	struct crypt_device *cd;

	assert_int_equal(truncate(f.header, 0), 0);
	assert_int_equal(truncate(f.header, 2 * LUKS_DATA_OFFSET), 0);
	assert_int_equal(crypt_init(&cd, f.header), 0);
	assert_int_equal(crypt_set_metadata_size(cd, 4U << 20, 8U << 20), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &least), 0);
	assert_int_equal(
		crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL, 64, NULL),
		0);
	assert_int_equal(
		crypt_keyslot_add_by_volume_key(cd, 0, NULL, 0, OLD, strlen(OLD)), 0);
	crypt_free(cd);
	use(&f);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_slot_is_left, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_slot_is_wiped, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_first_metadata_is_torn,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_whole_change_stays, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_another_volume_stays,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_what_is_no_home, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_slot_further_behind, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_copy_cut_short, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_prune, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
