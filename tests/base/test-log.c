/* SPDX-License-Identifier: MIT */
/* Messages: their level, the kernel's prefix, their length. */
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "test.h"

static size_t read_all(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	assert_true(n >= 0);
	text[n] = 0;
	return (size_t)n;
}

static void test_kernel_log(void **state)
{
	char text[4096], words[3000];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	log_set_kmsg(fds[1]);
	log_set_level(LOG_LEVEL_INFO);
	log_debug("not seen");
	log_warning("disk %s", "is slow");
	read_all(fds[0], text, sizeof(text));
	assert_string_equal(text, "<4>atomos: disk is slow\n");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("seen");
	read_all(fds[0], text, sizeof(text));
	assert_string_equal(text, "<7>atomos: seen\n");
	/* What is too long is cut, and still ends its line. */
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = 0;
	log_info("%s", words);
	assert_true(read_all(fds[0], text, sizeof(text)) < 1000);
	assert_int_equal(text[strlen(text) - 1], '\n');
	log_set_kmsg(-1);
	close(fds[0]);
	close(fds[1]);
}

RUN_TESTS(cmocka_unit_test(test_kernel_log))
