/* SPDX-License-Identifier: MIT */
/* Questions on the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "owner/quality.h"
#include "atomos/ask.h"

#define TRIES 3

static int read_line(int fd, struct secret *ret)
{
	ret->size = 0;
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 && ret->size == 0)
			return -EPIPE;
		if (n == 0 || c == '\n')
			break;
		if (ret->size < SECRET_MAX)
			ret->data[ret->size++] = c;
	}
	ret->data[ret->size] = 0;
	return 0;
}

static int ask(const char *prompt, bool hidden, struct secret *ret, struct error *err)
{
	_cleanup_close_ int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int fd = terminal >= 0 ? terminal : STDIN_FILENO, r;
	struct termios before, quiet;
	bool restore = hidden && tcgetattr(fd, &before) == 0;

	dprintf(terminal >= 0 ? terminal : STDERR_FILENO, "%s: ", prompt);
	if (restore) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	r = read_line(fd, ret);
	if (restore) {
		tcsetattr(fd, TCSANOW, &before);
		dprintf(fd, "\n");
	}
	return r < 0 ? fail(err, r, "There is nobody to answer '%s'", prompt) : 0;
}

int ask_secret(const char *prompt, struct secret *ret, struct error *err)
{
	return ask(prompt, true, ret, err);
}

int ask_line(const char *prompt, struct secret *ret, struct error *err)
{
	return ask(prompt, false, ret, err);
}

int ask_new_password(const char *user, struct secret *ret, struct error *err)
{
	_cleanup_secret_ struct secret *again = secret_new();
	char words[QUALITY_WORDS_MAX];

	for (int i = 0; i < TRIES; i++) {
		int r = ask_secret("New password", ret, err);

		if (r < 0)
			return r;
		if (quality_judge(ret, user, words) < 0)
			fprintf(stderr, "That is easy to guess: %s.\n", words);
		else
			fprintf(stderr, "Its quality is %s.\n", words);
		if (ret->size == 0)
			continue;
		r = ask_secret("New password again", again, err);
		if (r < 0)
			return r;
		if (again->size == ret->size &&
		    memcmp(again->data, ret->data, ret->size) == 0)
			return 0;
		fprintf(stderr, "The two were not the same.\n");
	}
	return fail(err, -EINVAL, "No new password was chosen");
}
