/* SPDX-License-Identifier: MIT */
/* Other programs: fed, captured, their failure quoted. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/str.h"
#include "test.h"

static void test_feed_and_capture(void **state)
{
	const char *const argv[] = {"cat", NULL};
	_cleanup_free_ char *big = xmalloc(1 << 20), *output = NULL;
	struct process p = {.argv = argv, .input = big, .input_size = 1 << 20};
	struct error err;
	size_t size;

	/* More than a pipe holds, in both directions at once. */
	memset(big, 'b', 1 << 20);
	assert_int_equal(process_check(&p, &output, &size, &err), 0);
	assert_int_equal(size, 1 << 20);
	assert_memory_equal(output, big, 1 << 20);
}

static void test_failure_is_quoted(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo out; echo 'why not' >&2; exit 3",
				    NULL};
	_cleanup_free_ char *output = NULL;
	struct process p = {.argv = argv};
	struct error err;

	assert_int_equal(process_check(&p, &output, NULL, &err), -EIO);
	assert_string_equal(err.message, "sh failed with status 3: why not");
	assert_null(output);
	assert_int_equal(process_run(&p, &output, NULL, &err), 3);
	assert_string_equal(output, "out\n");
}

static void test_missing_program(void **state)
{
	const char *const argv[] = {"atomos-no-such-program", NULL};
	_cleanup_free_ char *output = NULL;
	struct process p = {.argv = argv};
	struct error err;

	assert_int_equal(process_check(&p, &output, NULL, &err), -EIO);
	assert_non_null(strstr(err.message, "No such file or directory"));
	assert_false(process_available("atomos-no-such-program"));
	assert_true(process_available("sh"));
}

static void test_environment_and_directory(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo $WORD; pwd", NULL};
	const char *const environment[] = {"WORD=bird", NULL};
	_cleanup_free_ char *output = NULL;
	struct process p = {
		.argv = argv, .environment = environment, .directory = "/usr"};
	struct error err;

	assert_int_equal(process_check(&p, &output, NULL, &err), 0);
	assert_string_equal(output, "bird\n/usr\n");
}

static void test_output_limit(void **state)
{
	const char *const argv[] = {"head", "-c", "100000", "/dev/zero", NULL};
	_cleanup_free_ char *output = NULL;
	struct process p = {.argv = argv, .output_max = 1000};
	struct error err;

	assert_int_equal(process_check(&p, &output, NULL, &err), -EFBIG);
	assert_null(output);
}

/* In a process of its own, which waits for a program that waits for us. */
static _noreturn_ void run_until_signal(void)
{
	const char *const argv[] = {"sh", "-c",
				    "kill -s INT $PPID; kill -s TERM $PPID; "
				    "exec sleep 100",
				    NULL};
	struct error err;
	int r;

	process_hold_signals();
	r = process_run(&(struct process){.argv = argv, .passes_signals = true}, NULL,
			NULL, &err);
	_exit(r == -EINTR && streq(err.message, "Ended by a signal") ? 7 : 1);
}

static void test_signal_ends_the_program(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		run_until_signal();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Not ended by the signal, and long before the program would be. */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void test_signals_held_but_none_comes(void **state)
{
	const char *const argv[] = {"sh", "-c", "exit 5", NULL};
	struct error err;
	sigset_t before;

	sigprocmask(SIG_SETMASK, NULL, &before);
	process_hold_signals();
	assert_int_equal(
		process_run(&(struct process){.argv = argv, .passes_signals = true}, NULL,
			    NULL, &err),
		5);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

RUN_TESTS(cmocka_unit_test(test_feed_and_capture),
	  cmocka_unit_test(test_failure_is_quoted),
	  cmocka_unit_test(test_missing_program),
	  cmocka_unit_test(test_environment_and_directory),
	  cmocka_unit_test(test_output_limit),
	  cmocka_unit_test(test_signal_ends_the_program),
	  cmocka_unit_test(test_signals_held_but_none_comes))
