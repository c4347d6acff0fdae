/* SPDX-License-Identifier: MIT */
/* Work with a time limit: done, failed, crashed, hanging. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "init/limit.h"

static int good(void *context, struct error *err)
{
	return streq(context, "x") ? 0 : -EINVAL;
}

static int bad(void *context, struct error *err)
{
	return fail(err, -ENOENT, "no %s", (const char *)context);
}

static int crash(void *context, struct error *err)
{
	abort();
}

static int hang(void *context, struct error *err)
{
	/* Longer than the limit; whoever reads this test's output needn't wait for it. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	sleep(60);
	return 0;
}

static bool yes(void)
{
	return true;
}

/* Work that ends gets a limit that no busy machine reaches. */
static int run(int (*work)(void *, struct error *), bool (*enough)(void),
	       struct error *err)
{
	const struct limited l = {work, (void *)"x", work == hang ? 1 : 60, enough};

	*err = (struct error){0};
	return run_limited(&l, err);
}

static void test_results(void **state)
{
	struct error err;

	assert_int_equal(run(good, NULL, &err), 0);
	assert_string_equal(err.message, "");
	assert_int_equal(run(bad, NULL, &err), -ENOENT);
	assert_string_equal(err.message, "no x");
	assert_int_equal(run(crash, NULL, &err), -EPIPE);
	assert_says(&err, "crashed");
}

static void test_limit(void **state)
{
	struct error err;

	assert_int_equal(run(hang, NULL, &err), -ETIMEDOUT);
	assert_string_equal(err.message, "");
	assert_int_equal(run(hang, yes, &err), 0);
}

/* 0 when nothing of the parent's is open. */
static int look_around(void *context, struct error *err _unused_)
{
	const int *ends = context;

	return fcntl(ends[0], F_GETFD) < 0 && fcntl(ends[1], F_GETFD) < 0 ? 0 : -EBUSY;
}

/* 0 when only the second is. */
static int look_for_one(void *context, struct error *err _unused_)
{
	const int *ends = context;

	return fcntl(ends[0], F_GETFD) < 0 && fcntl(ends[1], F_GETFD) >= 0 ? 0 : -EBUSY;
}

/* Whether it lies below or above the pipe that the words come through. */
static void test_keep(void **state _unused_)
{
	int ends[2], pair[2];
	struct limited l = {
		.work = look_for_one, .context = pair, .seconds = 60, .alone = true};
	struct error err = {0};

	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 2; i++) {
		pair[0] = i == 0 ? ends[0] : ends[1] + 100;
		pair[1] = l.keep = i == 0 ? ends[1] : ends[1] + 101;
		assert_true(pair[0] == ends[0] || dup2(ends[0], pair[0]) >= 0);
		assert_true(pair[1] == ends[1] || dup2(ends[1], pair[1]) >= 0);
		assert_int_equal(run_limited(&l, &err), 0);
	}
}

/* A program that outlives its parent, as long as nobody ends it: it holds a pipe open
 * that it has a name of. */
static int start_program(void *context, struct error *err _unused_)
{
	if (fork() == 0) {
		(void)!open(context, O_WRONLY);
		sleep(60);
		_exit(0);
	}
	sleep(60);
	return 0;
}

static void test_alone(void **state _unused_)
{
	int ends[2];
	struct limited l = {.work = look_around, .context = ends, .seconds = 60};
	struct error err = {0};

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(run_limited(&l, &err), -EBUSY);
	l.alone = true;
	assert_int_equal(run_limited(&l, &err), 0);
}

static void ends_programs(bool alone)
{
	char path[] = "/tmp/atomos-limit-XXXXXX", byte;
	const struct limited l = {
		.work = start_program, .context = path, .seconds = 2, .alone = alone};
	struct error err = {0};
	int fd;

	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(run_limited(&l, &err), -ETIMEDOUT);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	/* The end of the pipe: nobody has it any more. */
	alarm(20);
	assert_int_equal(read(fd, &byte, 1), 0);
	alarm(0);
	close(fd);
	unlink(path);
}

static void test_programs(void **state _unused_)
{
	ends_programs(false);
	ends_programs(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_alone),	cmocka_unit_test(test_programs),
		cmocka_unit_test(test_keep),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
