/* SPDX-License-Identifier: MIT */
/* A line of text on the full screen. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "welcome/full-internal.h"

#define LONGEST 1024

/* Removes the last character of UTF-8. */
static void rub_out(struct secret *s)
{
	while (s->size > 0 && (s->data[--s->size] & 0xc0) == 0x80)
		;
	s->data[s->size] = 0;
}

static void put(struct secret *s, wint_t key)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};
	size_t n = wcrtomb(bytes, (wchar_t)key, &state);

	if (n == (size_t)-1 || s->size + n > LONGEST)
		return;
	memcpy(s->data + s->size, bytes, n);
	s->size += n;
	s->data[s->size] = 0;
	wipe(bytes, sizeof(bytes));
}

/* What is typed: its end, where it is longer than the row; stars for a secret. */
static void draw(const struct screen *s, const struct secret *typed)
{
	struct place p = draw_screen(s);
	size_t columns = screen_columns(typed->data);
	int room = COLS - p.column - (int)screen_columns(s->prompt) - 4;
	const char *from = typed->data;

	mvprintw(p.row, p.column, "%s: ", s->prompt);
	if (s->kind == SCREEN_SECRET) {
		for (size_t i = 0; i < MIN(columns, (size_t)MAX(room, 1)); i++)
			addch('*');
	} else {
		while ((int)screen_columns(from) > room)
			for (from++; (*from & 0xc0) == 0x80;)
				from++;
		addstr(from);
	}
	draw_hint("", s->back);
	move(p.row, p.column + (int)screen_columns(s->prompt) + 2 +
			    MIN((int)columns, MAX(room, 1)));
	refresh();
}

/* 1: go on asking, 0: answered. */
static int take_key(const struct screen *s, int kind, wint_t key, struct answer *ret)
{
	if (kind == KEY_CODE_YES) {
		if (key == KEY_BACKSPACE)
			rub_out(ret->text);
		return key == KEY_ENTER ? 0 : 1;
	}
	if (key == '\r' || key == '\n')
		return 0;
	if (key == KEY_CTRL('p'))
		return -ERESTART;
	if (key == KEY_ESCAPE && s->back) {
		ret->back = true;
		return 0;
	}
	if (key == 0x7f || key == KEY_CTRL('h'))
		rub_out(ret->text);
	else if (key == KEY_CTRL('u'))
		ret->text->size = 0;
	else if (key >= ' ')
		put(ret->text, key);
	ret->text->data[ret->text->size] = 0;
	return 1;
}

int full_line(const struct screen *s, struct answer *ret)
{
	int r = 1;

	if (s->initial) {
		ret->text->size = MIN(strlen(s->initial), (size_t)LONGEST);
		memcpy(ret->text->data, s->initial, ret->text->size);
		ret->text->data[ret->text->size] = 0;
	}
	while (r > 0) {
		wint_t key;
		int kind;

		draw(s, ret->text);
		kind = get_wch(&key);
		r = kind == ERR ? -EPIPE : take_key(s, kind, key, ret);
	}
	return r;
}
