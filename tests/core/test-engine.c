/* SPDX-License-Identifier: MIT */
/* The engine names the store path and the file that isn't as signed. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/engine.h"
#include "core/verity.h"
#include "fixture.h"

#define PROG "11111111111111111111111111111111-prog"
#define SYSTEM "22222222222222222222222222222222-system"

static void add_file(struct manifest *m, const char *path, const char *payload,
		     const char *text, mode_t mode)
{
	struct manifest_entry e = {.path = path,
				   .payload = payload,
				   .mode = S_IFREG | mode,
				   .nlink = 1,
				   .size = strlen(text),
				   .has_digest = true};

	verity_buffer(text, strlen(text), e.digest);
	manifest_add(m, &e);
}

static void add_symlink(struct manifest *m, const char *path, const char *target)
{
	manifest_add(m, &(struct manifest_entry){
				.path = path, .payload = target, .mode = S_IFLNK | 0777});
}

static void add_directory(struct manifest *m, const char *path)
{
	manifest_add(m, &(struct manifest_entry){.path = path, .mode = S_IFDIR | 0755});
}

static void write_manifest(struct fixture *f, const char *path, struct manifest *m)
{
	_cleanup_free_ char *text = NULL;

	manifest_sort(m);
	text = manifest_format(m, NULL);
	fixture_write(f, path, text, 0644);
	manifest_done(m);
}

/* A system that takes two files of a package; the package has one more, which only its
 * own manifest knows. */
static void make(struct fixture *f)
{
	struct manifest package = {0}, root = {0};

	fixture_init(f);
	fixture_write(f, PROG "/data/bin/run", "run me", 0755);
	fixture_write(f, PROG "/data/etc/text", "read me", 0644);
	fixture_write(f, PROG "/data/etc/unused", "not taken", 0644);
	fixture_write(f, PROG "/control/postinst", "#!/bin/sh", 0755);
	add_directory(&package, "/bin");
	add_file(&package, "/bin/run", "data/bin/run", "run me", 0755);
	add_symlink(&package, "/bin/link", "run");
	add_file(&package, "/etc/text", "data/etc/text", "read me", 0644);
	add_file(&package, "/etc/unused", "data/etc/unused", "not taken", 0644);
	write_manifest(f, PROG "/manifest", &package);
	add_directory(&root, "/");
	add_file(&root, "/run", PROG "/data/bin/run", "run me", 04755);
	add_file(&root, "/text", PROG "/data/etc/text", "read me", 0755);
	write_manifest(f, SYSTEM "/manifest", &root);
	fixture_write(f, SYSTEM "/system.json", "{}", 0644);
	fixture_register(f, PROG, "");
	fixture_register(f, SYSTEM, PROG " " SYSTEM);
}

static void expect(struct fixture *f, int code, const char *words)
{
	struct engine e = {.store = f->store, .threads = 2, .prefetch = 2};
	struct engine_result result;
	struct error err = {0};

	assert_int_equal(
		verify_store_path(&e, &f->closure, SYSTEM, &f->keys, &result, &err),
		code);
	if (code < 0)
		assert_string_equal(err.message, words);
	fixture_done(f);
}

static uint64_t last_done, last_total;

static void progress(void *context, uint64_t done, uint64_t total)
{
	last_done = done;
	last_total = total;
}

static void test_good(void **state)
{
	struct fixture f;
	struct engine_result result;
	struct error err;

	make(&f);

	struct engine e = {.store = f.store, .drop_cache = true, .progress = progress};

	assert_int_equal(
		verify_store_path(&e, &f.closure, SYSTEM, &f.keys, &result, &err), 0);
	assert_int_equal(result.paths, 2);
	assert_int_equal(result.bytes, fixture_info(&f, PROG)->nar_size +
					       fixture_info(&f, SYSTEM)->nar_size);
	assert_string_equal(result.key, "test-1");
	assert_true(result.seconds > 0);
	assert_int_equal(last_done, result.bytes);
	assert_int_equal(last_total, result.bytes);
	fixture_done(&f);
}

static void test_changed_content(void **state)
{
	struct fixture f;

	make(&f);
	fixture_write(&f, PROG "/data/bin/run", "run mE", 0755);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/bin/run was changed (its content differs from the signed one)");
	make(&f);
	fixture_write(&f, PROG "/data/bin/run", "run", 0755);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/bin/run was changed (its content differs from the signed one)");
	make(&f);
	fixture_write(&f, PROG "/data/etc/unused", "not tAken", 0644);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG ": data/etc/unused was changed (its content differs "
	       "from the one in manifest)");
}

/* The package's manifest was made to agree: the system's doesn't. */
static void test_changed_with_its_manifest(void **state)
{
	struct manifest package = {0};
	struct fixture f;

	make(&f);
	fixture_write(&f, PROG "/data/bin/run", "run mE", 0755);
	add_file(&package, "/bin/run", "data/bin/run", "run mE", 0755);
	write_manifest(&f, PROG "/manifest", &package);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/bin/run was changed (its content differs from the signed one)");
}

static void test_executable_bit(void **state)
{
	struct fixture f;

	make(&f);
	fixture_write(&f, PROG "/data/bin/run", "run me", 0644);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG ": data/bin/run was changed (its executable bit "
	       "differs from the one in manifest)");
	make(&f);
	fixture_write(&f, PROG "/data/etc/text", "read me", 0744);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG ": data/etc/text was changed (its executable bit "
	       "differs from the one in manifest)");
}

static void test_extra(void **state)
{
	struct fixture f;

	make(&f);
	fixture_write(&f, PROG "/data/bin/extra", "", 0755);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/bin/extra was added (no signed path has this file)");
	make(&f);
	assert_int_equal(symlinkat("run", f.store, PROG "/data/extra"), 0);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/extra was added (no signed path has this symlink)");
}

static void test_extra_directory(void **state)
{
	struct fixture f;

	make(&f);
	assert_int_equal(mkdirat(f.store, PROG "/data/bin/x", 0755), 0);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": data/bin/x was added (no signed path has this directory)");
	make(&f);
	assert_int_equal(mkdirat(f.store, PROG "/control/x", 0755), 0);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": control/postinst was changed, or manifest (every other file is "
	       "as it should be)");
}

static void test_missing(void **state)
{
	struct fixture f;

	make(&f);
	assert_int_equal(unlinkat(f.store, PROG "/data/etc/text", 0), 0);
	expect(&f, -EBADMSG, "/nix/store/" PROG ": data/etc/text is missing");
	make(&f);
	assert_int_equal(unlinkat(f.store, PROG "/data/etc/unused", 0), 0);
	expect(&f, -EBADMSG, "/nix/store/" PROG ": data/etc/unused is missing");
	make(&f);
	assert_int_equal(remove_tree_at(f.store, PROG), 0);
	expect(&f, -ENOENT, "/nix/store/" PROG ": the path itself is missing");
}

static void test_types(void **state)
{
	struct fixture f;

	make(&f);
	assert_int_equal(unlinkat(f.store, PROG "/data/bin/run", 0), 0);
	assert_int_equal(symlinkat("/bin/sh", f.store, PROG "/data/bin/run"), 0);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG ": data/bin/run was changed (it became a symlink)");
	make(&f);
	assert_int_equal(unlinkat(f.store, PROG "/data/bin/run", 0), 0);
	assert_int_equal(mkdirat(f.store, PROG "/data/bin/run", 0755), 0);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG ": data/bin/run was changed (it became a directory)");
	make(&f);
	assert_int_equal(unlinkat(f.store, PROG "/data/bin/run", 0), 0);
	assert_int_equal(mkfifoat(f.store, PROG "/data/bin/run", 0755), 0);
	expect(&f, -EINVAL,
	       "/nix/store/" PROG
	       ": data/bin/run is neither file, directory nor symlink");
}

static void test_manifests(void **state)
{
	struct fixture f;

	make(&f);
	fixture_write(&f, PROG "/manifest", "nonsense\n", 0644);
	expect(&f, -EBADMSG,
	       "/nix/store/" PROG
	       ": manifest was changed (line 1 (nonsense) has too few fields)");
	make(&f);
	fixture_write(&f, SYSTEM "/system.json", "{ }", 0644);
	expect(&f, -EBADMSG,
	       "/nix/store/" SYSTEM
	       ": manifest was changed, or system.json (every other file is as "
	       "it should be)");
}

/* Where there is no manifest nothing can be named. */
static void test_unnamed(void **state)
{
	struct fixture f;

	make(&f);
	assert_int_equal(unlinkat(f.store, SYSTEM "/manifest", 0), 0);
	expect(&f, -EBADMSG, "/nix/store/" SYSTEM ": differs from its signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_changed_content),
		cmocka_unit_test(test_changed_with_its_manifest),
		cmocka_unit_test(test_executable_bit),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_extra_directory),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_manifests),
		cmocka_unit_test(test_unnamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
