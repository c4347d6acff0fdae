/* SPDX-License-Identifier: MIT */
/* Running programs in a root, here this machine's own: output, failure, silence, daemons.
 * Needs root: chroot. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/sandbox.h"
#include "fixture.h"

static int run_within(unsigned silence, unsigned total, const char *script,
		      char **ret_output, struct error *err)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};
	const char *environment[] = {"EXTRA=more", NULL};
	_cleanup_sandbox_ struct sandbox s = {
		.root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.epoch = 123,
		.silence_seconds = silence,
		.total_seconds = total,
	};
	_cleanup_close_ int fd = s.root_fd;

	return sandbox_run(&s, argv, environment, ret_output, err);
}

static int run(const char *script, char **ret_output, struct error *err)
{
	return run_within(60, 60, script, ret_output, err);
}

static void test_output(void **state)
{
	_cleanup_free_ char *output = NULL;
	struct error err = {0};

	setenv("SECRET", "seen", 1);
	assert_ok(run("echo $EXTRA $SOURCE_DATE_EPOCH $SECRET $DEBIAN_FRONTEND; cat; pwd",
		      &output, &err));
	assert_string_equal(output, "more 123 noninteractive\n/\n");
}

static void test_failure(void **state)
{
	_cleanup_free_ char *output = NULL;
	struct error err = {0};

	assert_int_equal(run("echo last words >&2; exit 3", &output, &err), -EIO);
	assert_words("/bin/sh failed with status 3: last words");
	assert_int_equal(run("kill -9 $$", &output, &err), -EIO);
	assert_words("signal 9");
}

static void test_silence(void **state)
{
	_cleanup_free_ char *output = NULL;
	struct error err = {0};

	assert_int_equal(run_within(1, 60, "echo Question?; sleep 60", &output, &err),
			 -ETIMEDOUT);
	assert_words("after 1 seconds of silence");
	assert_words("Question?");
	assert_int_equal(
		run_within(60, 3, "while :; do echo x; sleep 0.3; done", &output, &err),
		-ETIMEDOUT);
	assert_words("after 3 seconds in all");
}

/* A daemon that keeps the pipe open must not keep the build waiting. */
static void test_daemon(void **state)
{
	_cleanup_free_ char *output = NULL;
	struct error err = {0};

	assert_ok(run("sleep 60 & echo started", &output, &err));
	assert_string_equal(output, "started\n");
}

static void test_who(void **state)
{
	_cleanup_sandbox_ struct sandbox s = {0};
	struct timespec before, after;

	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	before.tv_sec--;
	sandbox_note(&s, "first");
	usleep(20000);
	sandbox_note(&s, "second");
	clock_gettime(CLOCK_REALTIME, &after);
	assert_null(sandbox_who(&s, &before));
	assert_string_equal(sandbox_who(&s, &after), "second");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),	cmocka_unit_test(test_failure),
		cmocka_unit_test(test_silence), cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
