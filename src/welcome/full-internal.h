/* SPDX-License-Identifier: MIT */
/* The parts of the full-screen front end. */
#pragma once

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "welcome/ui.h"

#define KEY_ESCAPE 27
#define KEY_CTRL(c) ((c) & 31)

/* Where there is room below the words of a screen. */
struct place {
	int row, column, width;
};

/* Title and words; the choice or the line comes to the place that it returns. */
struct place draw_screen(const struct screen *s);
/* Text from where the cursor is on, cut where it is longer than this. */
void draw_cut(const char *text, int columns);
/* The last row: which keys do what. */
void draw_hint(const char *what, bool back);

/* full-menu.c, full-line.c: until there is an answer. -EPIPE when the terminal is gone,
 * -ERESTART when plain lines are wanted. */
int full_menu(const struct screen *s, struct answer *ret);
int full_line(const struct screen *s, struct answer *ret);
