/* SPDX-License-Identifier: MIT */
/* NAR hashes against Nix's, what the sink is handed, and what is refused. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/base32.h"
#include "core/nar.h"
#include "fixture.h"

static int hash_top(int dirfd, const struct nar_walk *walk, char text[53],
		    struct error *err)
{
	_cleanup_nar_walker_ struct nar_walker *w = nar_walker_new();
	uint8_t hash[SHA256_SIZE];
	uint64_t size;
	int r = nar_hash(w, dirfd, "top", walk, hash, &size, err);

	base32_encode(hash, SHA256_SIZE, text);
	return r;
}

static void check_golden(const char *path, const char *text, size_t size,
			 const char *expected)
{
	char *directory, hash[53];
	int fd = temporary_directory(&directory);
	struct nar_walk walk = {.drop_cache = true};
	struct error err;

	make_tree(fd, "top", text);
	if (hash_top(fd, &walk, hash, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	if (!streq(hash, expected))
		fail_msg("%s: %s, Nix says %s", path, hash, expected);
	temporary_done(fd, directory);
}

static void test_golden(void **state)
{
	each_golden("nar", ".tree", ".sha256", 6, check_golden);
}

/* A sink that writes down all it is told. */
struct record {
	char text[4096];
	size_t data;
};

static int record_directory(void *context, const char *path, struct error *err)
{
	struct record *r = context;

	strcat(strcat(strcat(r->text, "d "), path), "\n");
	return 0;
}

static int record_symlink(void *context, const char *path, const char *target,
			  struct error *err)
{
	struct record *r = context;

	sprintf(strchr(r->text, 0), "l %s %s\n", path, target);
	return 0;
}

static int record_begin(void *context, const char *path, uint64_t size, bool executable,
			struct error *err)
{
	struct record *r = context;

	sprintf(strchr(r->text, 0), "%c %s %u ", executable ? 'x' : 'f', path,
		(unsigned)size);
	r->data = 0;
	return 0;
}

static int record_data(void *context, const void *data, size_t size, struct error *err)
{
	struct record *r = context;
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		assert_int_equal(p[i], (r->data + i) % 251);
	r->data += size;
	return 0;
}

static int record_end(void *context, struct error *err)
{
	struct record *r = context;

	sprintf(strchr(r->text, 0), "%zu\n", r->data);
	return 0;
}

static const struct nar_sink record_sink = {record_directory, record_symlink,
					    record_begin, record_data, record_end};

static void test_sink_gets_everything_in_order(void **state)
{
	char *directory, hash[53];
	int fd = temporary_directory(&directory);
	struct record r = {0};
	struct nar_walk walk = {.sink = &record_sink, .context = &r};
	struct error err;

	make_tree(fd, "top",
		  "d .\nz b 3\nd a\nz a/z 300000\nz a-a 262144\nl l a/z\nz empty 0\nz B "
		  "5\n");
	assert_int_equal(fchmodat(fd, "top/B", 0100, 0), 0);
	assert_int_equal(hash_top(fd, &walk, hash, &err), 0);
	assert_string_equal(r.text,
			    "d \nx B 5 5\nd a\nf a/z 300000 300000\nf a-a 262144 262144\n"
			    "f b 3 3\nf empty 0 0\nl l a/z\n");
	temporary_done(fd, directory);
}

static int stop(void *context, const char *path, struct error *err)
{
	return fail(err, -ECANCELED, "stopped at %s", path);
}

static void test_sink_ends_the_walk(void **state)
{
	const struct nar_sink sink = {.directory = stop};
	char *directory, hash[53];
	int fd = temporary_directory(&directory);
	struct nar_walk walk = {.sink = &sink};
	struct error err;

	make_tree(fd, "top", "d .\n");
	assert_int_equal(hash_top(fd, &walk, hash, &err), -ECANCELED);
	assert_string_equal(err.message, "stopped at ");
	temporary_done(fd, directory);
}

/* Modes but for the owner's x, owners and times are not in a NAR. */
static void test_what_does_not_count(void **state)
{
	const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 6}};
	char *directory, before[53], after[53];
	int fd = temporary_directory(&directory);
	struct nar_walk walk = {0};
	struct error err;

	make_tree(fd, "top", "d .\nf a text\n");
	assert_int_equal(hash_top(fd, &walk, before, &err), 0);
	assert_int_equal(fchmodat(fd, "top/a", 04066, 0), 0);
	assert_int_equal(fchmodat(fd, "top", 0700, 0), 0);
	assert_int_equal(utimensat(fd, "top/a", times, 0), 0);
	assert_int_equal(fchmodat(fd, "top/a", 0455, 0), 0);
	assert_int_equal(hash_top(fd, &walk, after, &err), 0);
	assert_string_equal(before, after);
	assert_int_equal(fchmodat(fd, "top/a", 0544, 0), 0);
	assert_int_equal(hash_top(fd, &walk, after, &err), 0);
	assert_string_not_equal(before, after);
	temporary_done(fd, directory);
}

static void refuse(int fd, int code, const char *words)
{
	struct nar_walk walk = {0};
	struct error err;
	char hash[53];

	assert_int_equal(hash_top(fd, &walk, hash, &err), code);
	assert_string_equal(err.message, words);
}

static void test_refusals(void **state)
{
	char *directory;
	int fd = temporary_directory(&directory);

	refuse(fd, -ENOENT, "the path itself is missing");
	assert_int_equal(mkfifoat(fd, "top", 0644), 0);
	refuse(fd, -EINVAL, "the path itself is neither file, directory nor symlink");
	assert_int_equal(unlinkat(fd, "top", 0), 0);
	make_tree(fd, "top", "d .\nd a\n");
	assert_int_equal(mkfifoat(fd, "top/a/fifo", 0644), 0);
	refuse(fd, -EINVAL, "a/fifo is neither file, directory nor symlink");
	temporary_done(fd, directory);
}

static void test_too_deep(void **state)
{
	char *directory;
	int fd = temporary_directory(&directory), at = dup(fd);
	struct nar_walk walk = {0};
	struct error err;
	char hash[53];

	assert_int_equal(mkdirat(at, "top", 0755), 0);
	for (unsigned i = 0; i <= NAR_DEPTH_MAX; i++) {
		int next = openat(at, i ? "d" : "top", O_RDONLY | O_DIRECTORY);

		assert_true(next >= 0);
		close(at);
		at = next;
		assert_int_equal(mkdirat(at, "d", 0755), 0);
	}
	close(at);
	assert_int_equal(hash_top(fd, &walk, hash, &err), -ELOOP);
	assert_non_null(endswith(err.message, "lies too deep in directories"));
	temporary_done(fd, directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_sink_gets_everything_in_order),
		cmocka_unit_test(test_sink_ends_the_walk),
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
