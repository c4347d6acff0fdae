/* SPDX-License-Identifier: MIT */
/* A root in RAM is what the manifest says, or there is a sentence why not. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/load.h"
#include "core/verity.h"
#include "fixture.h"

#define PROG "11111111111111111111111111111111-prog"
#define SYSTEM "22222222222222222222222222222222-system"
#define OTHER "33333333333333333333333333333333-other"

struct root {
	struct fixture f;
	struct manifest m;
	char *path;
	int fd;
};

static void add(struct root *r, struct manifest_entry e, const char *text)
{
	e.nlink = 1;
	e.size = text ? strlen(text) : 0;
	e.has_digest = text;
	if (text)
		verity_buffer(text, strlen(text), e.digest);
	manifest_add(&r->m, &e);
}

#define ADD(r, text, ...) add(r, (struct manifest_entry){__VA_ARGS__}, text)

static const uint8_t capability[] = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0,
				     0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static void make(struct root *r)
{
	static const struct manifest_xattr xattr = {"security.capability", capability,
						    sizeof(capability)};

	*r = (struct root){0};
	fixture_init(&r->f);
	r->fd = temporary_directory(&r->path);
	fixture_write(&r->f, PROG "/data/bin/run", "run me", 0755);
	fixture_write(&r->f, PROG "/data/bin/ping", "ping", 0755);
	fixture_write(&r->f, PROG "/data/doc", "taken by nobody", 0644);
	fixture_write(&r->f, PROG "/data/etc/text", "read me", 0644);
	fixture_write(&r->f, SYSTEM "/files/hostname", "demo\n", 0644);
	fixture_write(&r->f, SYSTEM "/system.json", "{\"version\":1}", 0644);
	ADD(r, NULL, .path = "/", .mode = S_IFDIR | 0711, .mtime = 100);
	ADD(r, NULL, .path = "/bin", .mode = S_IFDIR | 0755, .mtime = 101);
	ADD(r, "run me", .path = "/bin/su", .mode = S_IFREG | 04755, .mtime = 102,
	    .payload = PROG "/data/bin/run");
	ADD(r, "ping", .path = "/bin/ping", .mode = S_IFREG | 0755, .mtime = 103,
	    .payload = PROG "/data/bin/ping", .xattrs = &xattr, .xattr_count = 1);
	ADD(r, NULL, .path = "/bin/pong", .hardlink = true, .mode = S_IFREG,
	    .payload = "/bin/ping");
	ADD(r, "demo\n", .path = "/hostname", .mode = S_IFREG | 0640, .mtime = 104,
	    .gid = 42, .payload = SYSTEM "/files/hostname");
	ADD(r, "read me", .path = "/copy", .mode = S_IFREG | 0666, .mtime = 105,
	    .payload = PROG "/data/etc/text");
	ADD(r, "read me", .path = "/text", .mode = S_IFREG | 02644, .mtime = 106,
	    .uid = 7, .gid = 8, .payload = PROG "/data/etc/text");
	ADD(r, NULL, .path = "/sh", .mode = S_IFLNK | 0777, .mtime = 107, .uid = 9,
	    .payload = "bin/su");
	ADD(r, NULL, .path = "/null", .mode = S_IFCHR | 0666, .mtime = 108,
	    .rdev = makedev(1, 3));
	ADD(r, NULL, .path = "/empty", .mode = S_IFREG | 0600, .mtime = 109);
	ADD(r, NULL, .path = "/tmp", .mode = S_IFDIR | 01777, .mtime = 110, .gid = 3);
}

/* Writes the manifest as it is now and signs. */
static void sign(struct root *r)
{
	_cleanup_free_ char *text = NULL;

	manifest_sort(&r->m);
	text = manifest_format(&r->m, NULL);
	fixture_write(&r->f, SYSTEM "/manifest", text, 0644);
	fixture_register(&r->f, PROG, "");
	fixture_register(&r->f, SYSTEM, PROG " " SYSTEM);
}

static void done(struct root *r)
{
	temporary_done(r->fd, r->path);
	fixture_done(&r->f);
	manifest_done(&r->m);
}

static int load(struct root *r, struct engine_result *result, struct error *err)
{
	_cleanup_trusted_closure_ struct trusted_closure t = {0};
	struct engine e = {.store = r->f.store, .threads = 2};
	_cleanup_load_ struct load *l = NULL;
	int code = closure_resolve(&r->f.closure, SYSTEM, &r->f.keys, &t, err);

	assert_int_equal(code, 0);
	code = load_open(&e, &t, &l, err);
	if (code < 0)
		return code;
	assert_string_equal(load_system_json(l, NULL), "{\"version\":1}");
	assert_int_equal(load_manifest(l)->count, r->m.count);
	return load_run(l, r->fd, result, err);
}

static void check_entry(struct root *r, const struct manifest_entry *e)
{
	const char *path = e->path[1] ? e->path + 1 : ".";
	struct stat st, other;

	if (fstatat(r->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("%s was not made", e->path);
	if (e->hardlink) {
		assert_int_equal(fstatat(r->fd, e->payload + 1, &other, 0), 0);
		assert_int_equal(st.st_ino, other.st_ino);
		return;
	}
	assert_int_equal(st.st_mode, e->mode);
	assert_int_equal(st.st_uid, e->uid);
	assert_int_equal(st.st_gid, e->gid);
	assert_int_equal(st.st_mtime, e->mtime);
	assert_int_equal(st.st_rdev, e->rdev);
	if (S_ISREG(e->mode)) {
		_cleanup_free_ char *text = NULL;
		uint8_t digest[SHA256_SIZE];
		size_t size;

		assert_int_equal(read_file_at(r->fd, path, 100, &text, &size), 0);
		verity_buffer(text, size, digest);
		assert_int_equal(size, e->size);
		if (e->has_digest)
			assert_memory_equal(digest, e->digest, SHA256_SIZE);
	}
}

static void test_root_is_as_the_manifest_says(void **state)
{
	struct root r;
	struct engine_result result;
	struct error err;
	char target[100] = "", value[100];
	_cleanup_free_ char *ping = NULL;

	make(&r);
	sign(&r);
	if (load(&r, &result, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(result.paths, 2);
	assert_string_equal(result.key, "test-1");
	for (size_t i = 0; i < r.m.count; i++)
		check_entry(&r, &r.m.entries[i]);
	assert_int_equal(readlinkat(r.fd, "sh", target, sizeof(target)), 6);
	assert_string_equal(target, "bin/su");
	ping = xasprintf("%s/bin/ping", r.path);
	assert_int_equal(getxattr(ping, "security.capability", value, sizeof(value)),
			 sizeof(capability));
	assert_memory_equal(value, capability, sizeof(capability));
	assert_int_equal(faccessat(r.fd, "doc", F_OK, 0), -1);
	done(&r);
}

static void expect(struct root *r, int code, const char *words)
{
	struct engine_result result;
	struct error err = {0};

	assert_int_equal(load(r, &result, &err), code);
	assert_string_equal(err.message, words);
	done(r);
}

#define CHANGED " was changed (its content differs from the one in manifest)"

static void test_changed_file(void **state)
{
	struct root r;

	make(&r);
	sign(&r);
	fixture_write(&r.f, PROG "/data/etc/text", "read mE", 0644);
	expect(&r, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/etc/text was changed (its content differs from the signed one)");
	make(&r);
	sign(&r);
	fixture_write(&r.f, PROG "/data/etc/text", "longer than before", 0644);
	expect(&r, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/etc/text was changed (its content differs from the signed one)");
	make(&r);
	sign(&r);
	fixture_write(&r.f, SYSTEM "/files/hostname", "evil\n", 0644);
	expect(&r, -EBADMSG, "/nix/store/" SYSTEM ": files/hostname" CHANGED);
}

static void test_outside_of_the_closure(void **state)
{
	struct root r;

	make(&r);
	fixture_write(&r.f, OTHER "/data/x", "x", 0644);
	fixture_register(&r.f, OTHER, "");
	ADD(&r, "x", .path = "/x", .mode = S_IFREG | 0644, .payload = OTHER "/data/x");
	sign(&r);
	expect(&r, -EBADMSG,
	       "/nix/store/" SYSTEM ": manifest: /x comes from /nix/store/" OTHER
	       "/data/x, which is not in the signed closure");
}

static void test_signed_but_missing(void **state)
{
	struct root r;

	make(&r);
	ADD(&r, "x", .path = "/x", .mode = S_IFREG | 0644, .payload = PROG "/data/x");
	sign(&r);
	expect(&r, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/x is missing, but the manifest needs it for /x");
}

static void test_signed_with_another_size(void **state)
{
	struct root r;

	make(&r);
	ADD(&r, "four", .path = "/x", .mode = S_IFREG | 0644,
	    .payload = PROG "/data/etc/text");
	sign(&r);
	expect(&r, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/etc/text has another size than the manifest says for /x");
}

static void test_tricks_in_the_manifest(void **state)
{
	struct root r;

	make(&r);
	ADD(&r, "read me", .path = "/../x", .mode = S_IFREG | 0644,
	    .payload = PROG "/data/etc/text");
	sign(&r);
	expect(&r, -EBADMSG,
	       "/nix/store/" SYSTEM
	       ": manifest: line 2 (/../x) has a path that isn't allowed");
	make(&r);
	ADD(&r, "read me", .path = "/sh/x", .mode = S_IFREG | 0644,
	    .payload = PROG "/data/etc/text");
	sign(&r);
	expect(&r, -EBADMSG,
	       "/nix/store/" SYSTEM
	       ": manifest: line 11 (/sh/x) lies in what isn't a directory");
}

static void test_not_a_system(void **state)
{
	struct root r;

	make(&r);
	fixture_register(&r.f, PROG, "");
	fixture_register(&r.f, SYSTEM, PROG);
	expect(&r, -EBADMSG, "/nix/store/" SYSTEM " is not a system: it has no manifest");
}

static void test_target_is_not_empty(void **state)
{
	struct root r;

	make(&r);
	sign(&r);
	make_tree(r.fd, "bin", "d .\n");
	expect(&r, -EEXIST, "/bin can't be made in the root: File exists");
	make(&r);
	sign(&r);
	make_tree(r.fd, "copy", "f . x\n");
	expect(&r, -EEXIST,
	       "/nix/store/" PROG ": /copy can't be made in the root: File exists");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_is_as_the_manifest_says),
		cmocka_unit_test(test_changed_file),
		cmocka_unit_test(test_outside_of_the_closure),
		cmocka_unit_test(test_signed_but_missing),
		cmocka_unit_test(test_signed_with_another_size),
		cmocka_unit_test(test_tricks_in_the_manifest),
		cmocka_unit_test(test_not_a_system),
		cmocka_unit_test(test_target_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
