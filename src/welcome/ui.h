/* SPDX-License-Identifier: MIT */
/* A front end: shows a screen and brings the answer. Two there are: full screen, and
 * plain lines for dumb terminals, screen readers and scripts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "welcome/screen.h"

struct ui;

struct ui_methods {
	/* 0 with the answer; negative when nobody can answer any more. */
	int (*ask)(struct ui *ui, const struct screen *s, struct answer *ret,
		   struct error *err);
	/* Something takes a while: `done` of `total` (0: unknown) of `what`; `detail`,
	 * how fast and how long still, may be NULL. */
	void (*progress)(struct ui *ui, const char *what, const char *detail,
			 uint64_t done, uint64_t total);
	/* The terminal is another program's until resume. */
	void (*suspend)(struct ui *ui);
	void (*resume)(struct ui *ui);
	void (*free)(struct ui *ui);
};

struct ui {
	const struct ui_methods *methods;
};

/* Lines on these descriptors; `out` may be a terminal or not. */
struct ui *ui_plain_new(int in, int out);

/* The whole terminal, through ncurses; NULL with `err` when the terminal can't do it. */
struct ui *ui_full_new(int in, int out, struct error *err);

static inline void ui_freep(struct ui **ui)
{
	if (*ui)
		(*ui)->methods->free(*ui);
}
#define _cleanup_ui_ _cleanup_(ui_freep)
