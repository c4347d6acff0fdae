/* SPDX-License-Identifier: MIT */
/* What an installation says it does, onto a file: no step that it doesn't come to. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "image/fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "install/boot-files.h"
#include "install/container.h"
#include "install/install.h"
#include "install/table.h"

#define GIB (1ULL << 30)
#define DISK (8 * GIB)
#define CHECKING "Checking the boot image"
#define WRITING "Writing the boot image"

/* In place of src/install/boot-files.c: nothing but holes. */
int boot_files_make(const struct boot_files *b, struct error *err)
{
	_cleanup_close_ int fd = open(b->esp, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 || ftruncate(fd, (off_t)b->size) < 0
		       ? fail(err, -errno, "%s: %m", b->esp)
		       : 0;
}

/* In place of src/install/container.c and container-device.c. */
int container_prepare(const struct container *c _unused_, struct secret **ret_key,
		      struct error *err _unused_)
{
	*ret_key = secret_new();
	return 0;
}

int container_write(const struct container *c _unused_, struct error *err)
{
	return fail(err, -EIO, "The volume isn't written");
}

int container_open(const struct container *c _unused_, const struct secret *key _unused_,
		   struct error *err)
{
	return fail(err, -EIO, "The volume isn't opened");
}

int container_close(struct error *err _unused_)
{
	return 0;
}

static void note(void *context, uint64_t done _unused_, uint64_t total _unused_,
		 const char *what)
{
	char ***told = context;

	*told = strv_add(*told, what);
}

/* What was told of an installation into this much of an empty disk, which fails. */
static char *steps(void **state, uint64_t size, struct error *err)
{
	const char *path = in_directory(state, "disk");
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	_cleanup_strv_ char **told = NULL;
	struct source source = {.store = -EBADF};
	struct install_options o = {.disk = path,
				    .space = {1 << 20, size},
				    .source = &source,
				    .progress = note,
				    .progress_context = &told};
	struct install_result result;

	assert_int_equal(ftruncate(fd, DISK), 0);
	assert_ok(table_replace(path, NULL, 0, err), err);
	assert_true(install_run(&o, &result, err) < 0);
	assert_false(result.switched);
	return strv_join(told, ", ");
}

static void test_too_small(void **state)
{
	struct error err;
	_cleanup_free_ char *told = steps(state, GIB, &err);

	assert_int_equal(err.code, -ENOSPC);
	assert_string_equal(told, "");
}

/* A file has no partitions that the kernel shows: nothing is filled in. */
static void test_not_filled(void **state)
{
	struct error err;
	_cleanup_free_ char *told = steps(state, DISK - (2 << 20), &err);

	assert_non_null(strstr(err.message, "takes no new partition"));
	assert_string_equal(told, CHECKING ", " WRITING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_too_small, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_not_filled, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
