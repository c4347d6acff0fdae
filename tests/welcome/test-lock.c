/* SPDX-License-Identifier: MIT */
/* One console asks; the others are told, and ended when all is done. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "welcome/lock.h"

static void test_lock(void **state)
{
	_cleanup_close_ int first = -EBADF, second = -EBADF;
	_cleanup_free_ char *holder = NULL;

	first = lock_take(*state, "tty1", false, &holder);
	assert_true(first >= 0);
	assert_int_equal(lock_take(*state, "ttyS0", false, &holder), -EWOULDBLOCK);
	assert_string_equal(holder, "tty1");
	close(first);
	first = -EBADF;
	second = lock_take(*state, "ttyS0", true, NULL);
	assert_true(second >= 0);
}

static void test_done(void **state)
{
	int status, ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		lock_register(*state, "ttyS0");
		(void)!write(ready[1], "x", 1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	lock_register(*state, "tty1");
	assert_false(lock_is_done(*state));
	lock_done(*state, "tty1");
	assert_true(lock_is_done(*state));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	close(ready[0]);
	close(ready[1]);
}

/* The system speaks again when the last one has stopped showing its screen. */
static void test_last(void **state)
{
	_cleanup_close_ int last = -EBADF;
	int first = lock_show(*state);

	last = lock_show(*state);
	assert_true(first >= 0 && last >= 0);
	assert_false(lock_is_last(first));
	close(first);
	assert_true(lock_is_last(last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lock, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_last, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_done, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
