/* SPDX-License-Identifier: MIT */
/* Unpacking: what a good package gives, and what a hostile one must not get. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/deb.h"
#include "fixture.h"

struct member {
	const char *path;
	mode_t mode;
	const char *content; /* or target of a symlink */
	const char *hardlink;
	const char *xattr; /* name; its value is "v" */
	int uid, gid;
	long size; /* in the header; 0: as the content */
};

#define PLAIN(p, c) {.path = p, .mode = S_IFREG | 0644, .content = c}

static size_t tar_bytes(const struct member *m, char *buffer, size_t size)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_pax_restricted(a);
	archive_write_set_bytes_per_block(a, 0);
	archive_write_open_memory(a, buffer, size, &used);
	for (; m->path; m++) {
		struct archive_entry *e = archive_entry_new();
		size_t length = m->content ? strlen(m->content) : 0;

		archive_entry_set_pathname(e, m->path);
		archive_entry_set_mode(e, m->mode);
		archive_entry_set_mtime(e, 1700000000, 0);
		archive_entry_set_uid(e, m->uid);
		archive_entry_set_gid(e, m->gid);
		if (m->hardlink)
			archive_entry_set_hardlink(e, m->hardlink);
		else if (S_ISLNK(m->mode))
			archive_entry_set_symlink(e, m->content);
		else if (S_ISREG(m->mode))
			archive_entry_set_size(e, m->size ? m->size : (long)length);
		if (m->xattr)
			archive_entry_xattr_add_entry(e, m->xattr, "v", 1);
		archive_write_header(a, e);
		if (S_ISREG(m->mode) && !m->hardlink && length)
			archive_write_data(a, m->content, length);
		archive_entry_free(e);
	}
	archive_write_close(a);
	archive_write_free(a);
	return used;
}

static void ar_member(int fd, const char *name, const void *data, size_t size)
{
	char header[61];

	snprintf(header, sizeof(header), "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", name, "0",
		 "0", "0", "100644", size);
	assert_int_equal(write_full(fd, header, 60), 0);
	assert_int_equal(write_full(fd, data, size), 0);
	if (size % 2)
		assert_int_equal(write_full(fd, "\n", 1), 0);
}

static const struct member control_members[] = {PLAIN("./control", "Package: a\n"), {0}};

static int make_deb(const struct member *data)
{
	static char buffer[1 << 20];
	int fd = memfd_create("deb", MFD_CLOEXEC);

	assert_int_equal(write_full(fd, "!<arch>\n", 8), 0);
	ar_member(fd, "debian-binary", "2.0\n", 4);
	ar_member(fd, "control.tar", buffer,
		  tar_bytes(control_members, buffer, sizeof(buffer)));
	if (data)
		ar_member(fd, "data.tar", buffer,
			  tar_bytes(data, buffer, sizeof(buffer)));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int unpack(int deb, int out, struct manifest *m, struct error *err)
{
	_cleanup_close_ int fd = deb;

	lseek(fd, 0, SEEK_SET);
	return deb_unpack(fd, out, m, err);
}

static void test_good(void **state)
{
	static const struct member data[] = {
		{.path = "./", .mode = S_IFDIR | 0755},
		{.path = "./usr/", .mode = S_IFDIR | 0755},
		{.path = "./usr/su", .mode = S_IFREG | 04755, .content = "x", .gid = 42},
		{.path = "./usr/caps",
		 .mode = S_IFREG | 0755,
		 .content = "y",
		 .xattr = "security.capability"},
		{.path = "./usr/other", .mode = S_IFREG | 0755, .hardlink = "./usr/su"},
		{.path = "./usr/link", .mode = S_IFLNK | 0777, .content = "/etc/passwd"},
		PLAIN("./usr/a b", "text"),
		PLAIN("./usr/empty", ""),
		{0}};
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_free_ char *text = NULL, *content = NULL, *control = NULL;
	struct error err = {0};
	struct stat st;
	char *path;
	int out = temporary(&path);

	assert_ok(unpack(make_deb(data), out, &m, &err));
	text = manifest_format(&m, NULL);
	assert_non_null(
		strstr(text, "/usr/su 1 104755 1 0 42 0 1700000000.0 data/usr/su -"));
	assert_non_null(strstr(text, "security.capability=v"));
	assert_non_null(strstr(text, "/usr/other 0 @10"));
	assert_non_null(strstr(text, "/usr/a\\x20b 4 100644"));
	assert_non_null(strstr(text, "/usr/empty 0 100644 1 0 0 0 1700000000.0 - - -"));
	content = get(out, "data/usr/a b");
	assert_string_equal(content, "text");
	control = get(out, "control/control");
	assert_string_equal(control, "Package: a\n");
	assert_int_equal(fstatat(out, "data/usr/su", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	/* Links stand in the manifest only: nothing can be written through them. */
	assert_int_equal(fstatat(out, "data/usr/link", &st, AT_SYMLINK_NOFOLLOW), -1);
	temporary_done(out, path);
}

static void refuse(const struct member *data, const char *words)
{
	_cleanup_manifest_ struct manifest m = {0};
	struct error err = {0};
	char *path;
	int out = temporary(&path), r = unpack(make_deb(data), out, &m, &err);

	if (r >= 0)
		fail_msg("accepted, but should be refused with \"%s\"", words);
	assert_words(words);
	temporary_done(out, path);
}

static void test_names(void **state)
{
	char long_name[400];

	refuse((struct member[]){PLAIN("./../evil", "x"), {0}}, "../evil");
	refuse((struct member[]){PLAIN("./usr/../../evil", "x"), {0}}, "/usr/../../evil");
	refuse((struct member[]){PLAIN("./usr/..", "x"), {0}}, "/usr/..");
	refuse((struct member[]){PLAIN("./usr//x", "x"), {0}}, "/usr//x");
	refuse((struct member[]){PLAIN("./usr/./x", "x"), {0}}, "/usr/./x");
	refuse((struct member[]){PLAIN("./a\nb", "x"), {0}}, "line break");
	memset(long_name, 'n', sizeof(long_name));
	memcpy(long_name, "./", 2);
	long_name[sizeof(long_name) - 1] = 0;
	refuse((struct member[]){PLAIN(long_name, "x"), {0}}, "nnnn");
}

static void test_absolute_stays_inside(void **state)
{
	static const struct member data[] = {PLAIN("/etc/evil", "x"), {0}};
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_free_ char *content = NULL;
	struct error err = {0};
	char *path;
	int out = temporary(&path);

	assert_ok(unpack(make_deb(data), out, &m, &err));
	assert_string_equal(m.entries[0].path, "/etc/evil");
	content = get(out, "data/etc/evil");
	temporary_done(out, path);
}

static void test_kinds(void **state)
{
	refuse((struct member[]){{.path = "./null", .mode = S_IFCHR | 0666}, {0}},
	       "/null");
	refuse((struct member[]){{.path = "./disk", .mode = S_IFBLK | 0666}, {0}},
	       "/disk");
	refuse((struct member[]){{.path = "./pipe", .mode = S_IFIFO | 0666}, {0}},
	       "/pipe");
}

static void test_through_links(void **state)
{
	refuse(
		(struct member[]){
			{.path = "./a", .mode = S_IFLNK | 0777, .content = "/etc"},
			PLAIN("./a/passwd", "x"),
			{0}},
		"/a/passwd is below /a");
	refuse((struct member[]){PLAIN("./a", "x"), PLAIN("./a/b", "y"), {0}}, "/a/b");
	refuse((struct member[]){{.path = "./l",
				  .mode = S_IFREG | 0644,
				  .hardlink = "./../../etc/shadow"},
				 {0}},
	       "../../etc/shadow");
	refuse(
		(struct member[]){
			{.path = "./l", .mode = S_IFREG | 0644, .hardlink = "./missing"},
			{0}},
		"/l is a hard link to /missing");
	refuse(
		(struct member[]){
			{.path = "./s", .mode = S_IFLNK | 0777, .content = "x"},
			{.path = "./l", .mode = S_IFREG | 0644, .hardlink = "./s"},
			{0}},
		"/l is a hard link to /s");
}

static void test_twice(void **state)
{
	refuse((struct member[]){PLAIN("./a", "x"), PLAIN("./a", "y"), {0}}, "/a");
	refuse((struct member[]){{.path = "./a", .mode = S_IFDIR | 0755},
				 {.path = "./a/", .mode = S_IFDIR | 0755},
				 {0}},
	       "/a is twice");
}

static void test_owner(void **state)
{
	refuse((struct member[]){{.path = "./a",
				  .mode = S_IFREG | 0644,
				  .content = "x",
				  .uid = 1000000},
				 {0}},
	       "/a belongs to user 1000000");
}

/* Cut off at every length: never accepted, never a crash. */
static void test_cut(void **state)
{
	static const struct member data[] = {PLAIN("./file", "some content"), {0}};
	_cleanup_close_ int deb = make_deb(data);
	off_t size = lseek(deb, 0, SEEK_END), content_end = size - 1024;

	for (off_t length = 0; length < content_end - 512; length += 7) {
		_cleanup_manifest_ struct manifest m = {0};
		_cleanup_close_ int cut = memfd_create("cut", MFD_CLOEXEC);
		struct error err = {0};

		lseek(deb, 0, SEEK_SET);
		assert_int_equal(copy_fd(deb, cut), 0);
		assert_int_equal(ftruncate(cut, length), 0);
		lseek(cut, 0, SEEK_SET);
		assert_true(deb_unpack(cut, -1, &m, &err) < 0);
		assert_true(err.message[0]);
	}
}

static void test_members(void **state)
{
	_cleanup_manifest_ struct manifest m = {0};
	struct error err = {0};
	int fd;

	assert_true(unpack(make_deb(NULL), -1, &m, &err) < 0);
	assert_words("no data.tar");
	fd = memfd_create("deb", MFD_CLOEXEC);
	assert_int_equal(write_full(fd, "!<arch>\n", 8), 0);
	ar_member(fd, "debian-binary", "3.0\n", 4);
	assert_true(unpack(fd, -1, &m, &err) < 0);
	assert_words("version 2");
	fd = memfd_create("deb", MFD_CLOEXEC);
	assert_int_equal(write_full(fd, "!<arch>\n", 8), 0);
	ar_member(fd, "debian-binary", "2.0\n", 4);
	ar_member(fd, "surprise", "x", 1);
	assert_true(unpack(fd, -1, &m, &err) < 0);
	assert_words("surprise");
	fd = memfd_create("deb", MFD_CLOEXEC);
	assert_int_equal(write_full(fd, "not an archive at all, but long enough", 38), 0);
	assert_true(unpack(fd, -1, &m, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_absolute_stays_inside),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_through_links),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
