/* SPDX-License-Identifier: MIT */
/* Questions on the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "owner/quality.h"
#include "atomos/ask.h"

#define TRIES 3

static int ask(const char *prompt, bool hidden, struct secret *ret, struct error *err)
{
	_cleanup_close_ int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int r;

	dprintf(terminal >= 0 ? terminal : STDERR_FILENO, "%s: ", prompt);
	r = secret_read_line(terminal >= 0 ? terminal : STDIN_FILENO, hidden, ret);
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

int ask_new_password(const char *user, const struct secret *generic, struct secret *ret,
		     struct error *err)
{
	_cleanup_secret_ struct secret *again = secret_new();
	char words[QUALITY_WORDS_MAX];

	for (int i = 0; i < TRIES; i++) {
		int r = ask_secret("New password", ret, err);

		if (r < 0)
			return r;
		if (quality_is_public(ret, generic)) {
			fprintf(stderr, QUALITY_PUBLIC ".\n");
			continue;
		}
		if (quality_judge(ret, user, words) < 0)
			fprintf(stderr, "That is easy to guess: %s.\n", words);
		else
			fprintf(stderr, "Its quality is %s.\n", words);
		if (ret->size == 0)
			continue;
		r = ask_secret("New password again", again, err);
		if (r < 0)
			return r;
		if (secret_equal(again, ret))
			return 0;
		fprintf(stderr, "The two were not the same.\n");
	}
	return fail(err, -EINVAL, "No new password was chosen");
}
