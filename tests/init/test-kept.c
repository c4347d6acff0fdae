/* SPDX-License-Identifier: MIT */
/* Kept directories and files are made from the root where absent, used where there, and
 * never reached through a symlink. */
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "test.h"
#include "init/kept.h"

struct place {
	char path[64];
	int top, state, root;
};

static int setup(void **ret)
{
	struct place *p = xcalloc(1, sizeof(*p));

	strcpy(p->path, "/tmp/atomos-kept-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->top = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(p->top, "state", 0755), 0);
	assert_int_equal(mkdirat(p->top, "root", 0755), 0);
	p->state = openat(p->top, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->root = openat(p->top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(make_parents_at(p->root, "var/lib/x/y"), 0);
	assert_int_equal(fchmodat(p->root, "var/lib/x", 02750, 0), 0);
	assert_int_equal(write_file_at(p->root, "var/lib/x/f", "new", 3, 0640), 0);
	*ret = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	close(p->state);
	close(p->root);
	close(p->top);
	assert_int_equal(remove_tree_at(AT_FDCWD, p->path), 0);
	free(p);
	return 0;
}

static void assert_content(int dirfd, const char *path, const char *content)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(read_file_at(dirfd, path, 100, &text, NULL), 0);
	assert_string_equal(text, content);
}

static void test_made_from_the_root(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int fd = -EBADF;
	struct error err = {0};
	struct stat st;

	/* Left by a power cut. */
	assert_int_equal(make_parents_at(p->state, "var/lib/.atomos-new/z"), 0);
	if (kept_directory(p->state, p->root, "/var/lib/x", &fd, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(fstatat(p->state, "var/lib/x", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 02750);
	assert_content(p->state, "var/lib/x/f", "new");
	assert_int_equal(faccessat(p->state, "var/lib/.atomos-new", F_OK, 0), -1);
}

static void test_what_is_there_stays(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int fd = -EBADF, file = -EBADF;

	assert_int_equal(make_parents_at(p->state, "var/lib/x/f"), 0);
	assert_int_equal(write_file_at(p->state, "var/lib/x/f", "old", 3, 0600), 0);
	assert_int_equal(kept_directory(p->state, p->root, "/var/lib/x", &fd, NULL), 0);
	assert_int_equal(kept_file(p->state, p->root, "/var/lib/x/f", &file, NULL), 0);
	assert_content(p->state, "var/lib/x/f", "old");
}

static void test_files(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int fd = -EBADF, empty = -EBADF;
	struct stat st;

	assert_int_equal(kept_file(p->state, p->root, "/var/lib/x/f", &fd, NULL), 0);
	assert_content(p->state, "var/lib/x/f", "new");
	assert_int_equal(kept_file(p->state, p->root, "/etc/adjtime", &empty, NULL), 0);
	assert_int_equal(fstat(empty, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_symlinks(void **state)
{
	struct place *p = *state;
	struct error err = {0};
	int fd;

	assert_int_equal(make_parents_at(p->state, "var/lib/x"), 0);
	assert_int_equal(symlinkat("/etc", p->state, "var/lib/x"), 0);
	assert_int_equal(symlinkat("../root", p->state, "etc"), 0);
	assert_int_equal(kept_directory(p->state, p->root, "/var/lib/x", &fd, &err),
			 -ELOOP);
	assert_says(&err, "The kept /var/lib/x can't be used");
	assert_int_equal(kept_file(p->state, p->root, "/etc/f", &fd, &err), -ELOOP);
	assert_int_equal(kept_file(p->state, p->root, "/var/lib", &fd, &err), -EINVAL);
	assert_int_equal(write_file_at(p->state, "f", "", 0, 0600), 0);
	assert_int_equal(kept_directory(p->state, p->root, "/f", &fd, &err), -ENOTDIR);
}

static void test_bind(void **state)
{
	struct place *p = *state;
	_cleanup_close_ int fd = -EBADF, file = -EBADF;
	struct error err = {0};

	assert_int_equal(kept_directory(p->state, p->root, "/var/lib/x", &fd, NULL), 0);
	assert_int_equal(kept_file(p->state, p->root, "/etc/adjtime", &file, NULL), 0);
	if (kept_bind(fd, p->root, "/var/lib/x", false, &err) == -EPERM)
		skip();
	if (kept_bind(file, p->root, "/etc/adjtime", false, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(write_file_at(p->root, "var/lib/x/g", "kept", 4, 0644), 0);
	assert_content(p->state, "var/lib/x/g", "kept");
	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/root/%s", p->path, i ? "etc/adjtime" : "var/lib/x");

		assert_int_equal(umount2(path, UMOUNT_NOFOLLOW), 0);
	}
}

/* Flags of the mount at /var/lib/x, which goes again. */
static unsigned long bound_flags(struct place *p, bool execute)
{
	_cleanup_free_ char *path = xasprintf("%s/root/var/lib/x", p->path);
	_cleanup_close_ int fd = -EBADF;
	struct statvfs v;

	assert_int_equal(kept_directory(p->state, p->root, "/var/lib/x", &fd, NULL), 0);
	if (kept_bind(fd, p->root, "/var/lib/x", execute, NULL) == -EPERM)
		skip();
	assert_int_equal(statvfs(path, &v), 0);
	assert_int_equal(umount2(path, UMOUNT_NOFOLLOW), 0);
	return v.f_flag;
}

/* Whoever was root may have left programs. */
static void test_execute(void **state)
{
	unsigned long never = ST_NOSUID | ST_NODEV;

	assert_int_equal(bound_flags(*state, false) & (never | ST_NOEXEC),
			 never | ST_NOEXEC);
	assert_int_equal(bound_flags(*state, true) & (never | ST_NOEXEC), never);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_from_the_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_there_stays, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_symlinks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_execute, setup, teardown),
	};

	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
