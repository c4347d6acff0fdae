/* SPDX-License-Identifier: MIT */
/* One question or message, as words: what both front ends show, and what comes back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"
#include "base/secret.h"

enum screen_kind {
	SCREEN_MENU,	/* one of `items` */
	SCREEN_TEXT,	/* a line of text */
	SCREEN_SECRET,	/* a line that isn't shown */
	SCREEN_MESSAGE, /* to be read */
};

struct screen_item {
	char *label, *detail; /* detail may be NULL */
	bool off;	      /* can't be chosen; detail says why */
};

struct screen {
	enum screen_kind kind;
	char *title;
	char *text;	    /* paragraphs, separated by empty lines; may be NULL */
	char *error;	    /* what was wrong with the last answer; NULL: nothing */
	char *drawing;	    /* shown as it is, where there is room; NULL: none */
	char *drawing_text; /* what takes its place where it can't be seen */
	char *prompt;	    /* of TEXT and SECRET */
	char *initial;	    /* what TEXT starts with; NULL: nothing */
	struct screen_item *items;
	size_t count, capacity, preset;
	bool back; /* there is something to go back to */
};

struct answer {
	bool back;
	size_t choice;	     /* of MENU */
	struct secret *text; /* of TEXT and SECRET; always there */
};

void screen_done(struct screen *s);
#define _cleanup_screen_ _cleanup_(screen_done)
void screen_add(struct screen *s, const char *label, const char *detail);
/* An item that can't be chosen, and why. */
void screen_add_off(struct screen *s, const char *label, const char *why);

/* Breaks a text into lines of at most `width` columns at spaces; existing line ends stay.
 * Freed by the caller. */
char *screen_wrap(const char *text, size_t width);

/* Columns that UTF-8 takes on a terminal. */
size_t screen_columns(const char *text);

/* How many bytes of it take at most so many columns; none of a character that doesn't fit
 * whole. */
size_t screen_fitting(const char *text, size_t columns);
