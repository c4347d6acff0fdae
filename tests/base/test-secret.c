/* SPDX-License-Identifier: MIT */
/* Secrets are kept apart, out of dumps and of children. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"
#include "test.h"

static void test_wipe(void **state)
{
	char text[] = "password";

	wipe(text, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(text[i], 0);
	secret_free(NULL);
}

static void test_of(void **state)
{
	char text[SECRET_MAX + 2];
	_cleanup_secret_ struct secret *s = secret_of("seven lamps"), *longest = NULL;
	int status = -1;
	pid_t pid;

	assert_int_equal(s->size, 11);
	assert_string_equal(s->data, "seven lamps");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	/* Never cut. */
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		secret_of(text);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	text[SECRET_MAX] = 0;
	longest = secret_of(text);
	assert_int_equal(longest->size, SECRET_MAX);
	assert_int_equal(strlen(longest->data), SECRET_MAX);
}

/* A child that is forked does not inherit the bytes. */
static void test_equal(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("seven lamps"),
				       *same = secret_of("seven lamps"),
				       *longer = secret_of("seven lamps!"),
				       *other = secret_of("seven Lamps"),
				       *none = secret_new();

	assert_true(secret_equal(s, same));
	assert_false(secret_equal(s, longer));
	assert_false(secret_equal(longer, s));
	assert_false(secret_equal(s, other));
	assert_false(secret_equal(s, none));
	assert_true(secret_equal(none, none));
}

static void test_children_do_not_see_it(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new();
	int status = -1;
	pid_t pid;

	assert_int_equal(s->size, 0);
	strcpy(s->data, "password");
	s->size = 8;
	pid = fork();
	if (pid == 0)
		_exit(s->size == 0 && s->data[0] == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(s->data, "password");
}

/* But for a file that was made for it, as often as it likes. */
static void test_file(void **state)
{
	_cleanup_secret_ struct secret *s = secret_new();
	int status = -1, fd;
	pid_t pid;

	strcpy(s->data, "password");
	s->size = 8;
	fd = secret_file(s);
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		struct secret *again = secret_new();
		bool good = secret_read_file(fd, s) == 0 &&
			    secret_read_file(fd, again) == 0 && s->size == 8 &&
			    again->size == 8 && strcmp(again->data, "password") == 0;

		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
	assert_true(secret_read_file(-1, s) < 0);
}

/* All of it or nothing. */
static void test_load(void **state)
{
	char path[] = "/tmp/atomos-secret-XXXXXX";
	_cleanup_secret_ struct secret *s = secret_new();
	_cleanup_close_ int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "password", 8), 8);
	assert_int_equal(secret_load(path, 0, s), 0);
	assert_int_equal(s->size, 8);
	assert_string_equal(s->data, "password");
	assert_int_equal(ftruncate(fd, SECRET_MAX), 0);
	assert_int_equal(secret_load(path, 0, s), 0);
	assert_int_equal(s->size, SECRET_MAX);
	assert_int_equal(ftruncate(fd, SECRET_MAX + 1), 0);
	assert_int_equal(secret_load(path, 0, s), -EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(secret_load(path, 0, s), -ENOENT);
}

RUN_TESTS(cmocka_unit_test(test_wipe), cmocka_unit_test(test_of),
	  cmocka_unit_test(test_equal), cmocka_unit_test(test_children_do_not_see_it),
	  cmocka_unit_test(test_file), cmocka_unit_test(test_load))
