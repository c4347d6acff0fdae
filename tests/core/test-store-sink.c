/* SPDX-License-Identifier: MIT */
/* A copied store path is the signed one, with Nix's modes and times, or isn't there. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/store-sink.h"
#include "fixture.h"

#define PROG "11111111111111111111111111111111-prog"
#define SYSTEM "22222222222222222222222222222222-system"
#define PLAIN "33333333333333333333333333333333-plain"

struct stores {
	struct fixture from;
	struct trusted_closure closure;
	int to;
	char *path;
};

static void make(struct stores *s)
{
	struct fixture *f = &s->from;
	struct error err;

	fixture_init(f);
	fixture_write(f, PROG "/bin/run", "run me", 0755);
	fixture_write(f, PROG "/etc/deep/er/text", "read me", 0640);
	assert_int_equal(mkdirat(f->store, PROG "/empty", 0700), 0);
	assert_int_equal(symlinkat("../run", f->store, PROG "/bin/link"), 0);
	fixture_write(f, PLAIN, "one file", 0600);
	fixture_write(f, SYSTEM "/manifest", "", 0644);
	fixture_register(f, PROG, "");
	fixture_register(f, PLAIN, "");
	fixture_register(f, SYSTEM, PROG " " PLAIN);
	assert_int_equal(
		closure_resolve(&f->closure, SYSTEM, &f->keys, &s->closure, &err), 0);
	s->to = temporary_directory(&s->path);
}

static void done(struct stores *s)
{
	trusted_closure_done(&s->closure);
	fixture_done(&s->from);
	temporary_done(s->to, s->path);
}

static int copy(struct stores *s, struct error *err)
{
	const struct engine e = {.store = s->from.store, .threads = 2, .prefetch = 1};
	struct engine_result result;

	return store_copy(&e, &s->closure, s->to, &result, err);
}

static void assert_like(const struct stores *s, const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(fstatat(s->to, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1);
	if (!S_ISLNK(st.st_mode))
		assert_int_equal(st.st_mode, mode);
}

/* Names in the copy that aren't "." and "..". */
static size_t count(const struct stores *s)
{
	_cleanup_closedir_ DIR *d = opendir(s->path);
	size_t n = 0;

	while (readdir(d))
		n++;
	return n - 2;
}

static void test_copy(void **state)
{
	static const char *const bases[] = {PROG, PLAIN, SYSTEM};
	_cleanup_nar_walker_ struct nar_walker *w = nar_walker_new();
	const struct nar_walk walk = {0};
	struct stores s = {0};
	struct error err;

	make(&s);
	assert_int_equal(copy(&s, &err), 0);
	for (size_t i = 0; i < ELEMENTSOF(bases); i++) {
		uint8_t hash[SHA256_SIZE];

		assert_int_equal(nar_hash(w, s.to, bases[i], &walk, hash, NULL, &err), 0);
		assert_memory_equal(hash, fixture_info(&s.from, bases[i])->nar_hash,
				    SHA256_SIZE);
	}
	assert_like(&s, PROG, S_IFDIR | 0555);
	assert_like(&s, PROG "/etc/deep", S_IFDIR | 0555);
	assert_like(&s, PROG "/bin/run", S_IFREG | 0555);
	assert_like(&s, PROG "/etc/deep/er/text", S_IFREG | 0444);
	assert_like(&s, PROG "/bin/link", 0);
	assert_like(&s, PLAIN, S_IFREG | 0444);
	assert_int_equal(count(&s), 3);
	/* Never over what is there. */
	assert_int_equal(copy(&s, &err), -EEXIST);
	assert_int_equal(count(&s), 3);
	done(&s);
}

static void test_altered(void **state)
{
	struct stores s = {0};
	struct error err;

	make(&s);
	fixture_write(&s.from, PROG "/etc/deep/er/text", "reap me", 0640);
	assert_int_equal(copy(&s, &err), -EBADMSG);
	assert_non_null(strstr(err.message, PROG));
	assert_int_equal(faccessat(s.to, PROG, F_OK, 0), -1);
	assert_int_equal(faccessat(s.to, ".new-" PROG, F_OK, 0), -1);
	done(&s);
}

/* A path that was interrupted is begun anew. */
static void test_leftover(void **state)
{
	struct stores s = {0};
	struct error err;

	make(&s);
	assert_int_equal(make_parents_at(s.to, ".new-" PROG "/bin/x/y"), 0);
	assert_int_equal(copy(&s, &err), 0);
	assert_int_equal(faccessat(s.to, PROG "/bin/x", F_OK, 0), -1);
	assert_int_equal(count(&s), 3);
	done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_altered),
		cmocka_unit_test(test_leftover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
