/* SPDX-License-Identifier: MIT */
/* Questions on every console at once; the first console that answers wins. */
#pragma once

#include <stdbool.h>

#include "base/secret.h"
#include "init/console.h"

enum line_result {
	LINE_MORE,
	LINE_DONE,
	LINE_FULL, /* the byte was dropped */
};

/* Takes one byte of typing: Enter ends the line, Backspace removes a character (of
 * UTF-8), Ctrl-U all, other control characters are dropped. */
enum line_result line_feed(struct secret *line, unsigned char byte);

struct question {
	const char *text; /* without a line end */
	bool hidden;	  /* what is typed isn't shown */
	unsigned seconds; /* 0: waits for ever */
	const int *watch; /* ends the question when it is readable; may be NULL */
};

/* Asks; the answer is in ret, the console that gave it in *ret_console (may be NULL).
 * -ETIME when nobody answered, -ECANCELED when `watch` ended it, -ENOTTY when there is no
 * console. */
int prompt(struct consoles *c, const struct question *q, struct secret *ret,
	   struct console **ret_console);
