/* SPDX-License-Identifier: MIT */
/* The full-screen front end: ncurses, by keyboard alone, from 80x24 up. No colours: what
 * is chosen is shown in reverse, which every terminal can do. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/full-internal.h"

#define TEXT_WIDTH 76
#define MARGIN 2
#define TEXT_TOP 2
#define BAR_WIDTH 60
#define GAP 3
#define ESCAPE_MILLISECONDS 50

struct full {
	struct ui ui;
	FILE *in, *out;
	SCREEN *terminal;
};

/* Draws wrapped text and returns the row behind it. */
static int draw_text(int row, int column, int width, const char *text)
{
	_cleanup_free_ char *lines = screen_wrap(text, (size_t)MAX(width, 1));

	for (char *line = lines, *end; line && row < LINES - 1; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		mvaddstr(row++, column, line);
	}
	return row;
}

void draw_cut(const char *text, int columns)
{
	addnstr(text, (int)screen_fitting(text, (size_t)MAX(columns, 0)));
}

static void draw_bar(int row, const char *text)
{
	attron(A_REVERSE);
	mvhline(row, 0, ' ', COLS);
	move(row, MARGIN);
	draw_cut(text, COLS - MARGIN);
	attroff(A_REVERSE);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* A drawing stands at the left; what belongs to it, beside it. Returns the column where
 * the text begins. */
static int draw_drawing(const struct screen *s)
{
	int lines = s->drawing ? (int)count_lines(s->drawing) : 0, width;
	_cleanup_free_ char *copy = NULL;

	if (lines == 0 || lines + TEXT_TOP >= LINES)
		return MARGIN;
	copy = xstrdup(s->drawing);
	copy[strcspn(copy, "\n")] = 0;
	width = (int)screen_columns(copy);
	if (width + GAP + TEXT_WIDTH / 2 > COLS)
		return MARGIN;
	draw_text(TEXT_TOP - 1, 0, COLS, s->drawing);
	return width + GAP;
}

struct place draw_screen(const struct screen *s)
{
	struct place p = {.row = TEXT_TOP};

	erase();
	draw_bar(0, s->title);
	p.column = draw_drawing(s);
	p.width = MIN(COLS - p.column - MARGIN, TEXT_WIDTH);
	if (s->text)
		p.row = draw_text(p.row, p.column, p.width, s->text) + 1;
	if (s->drawing_text)
		p.row = draw_text(p.row, p.column, p.width, s->drawing_text);
	if (s->error) {
		attron(A_BOLD);
		p.row = draw_text(p.row, p.column, p.width, s->error) + 1;
		attroff(A_BOLD);
	}
	return p;
}

void draw_hint(const char *what, bool back)
{
	_cleanup_free_ char *text =
		xasprintf("%s%sEnter: go on%s   Ctrl-P: plain lines", what,
			  what[0] ? "   " : "", back ? "   Esc: back" : "");

	draw_bar(LINES - 1, text);
}

static int ask(struct ui *ui _unused_, const struct screen *s, struct answer *ret,
	       struct error *err)
{
	int r;

	ret->back = false;
	ret->text->size = 0;
	ret->text->data[0] = 0;
	r = s->kind == SCREEN_MENU	? full_menu(s, ret)
	    : s->kind == SCREEN_MESSAGE ? 0
					: full_line(s, ret);
	/* The answer doesn't stay on the screen of who comes next. */
	erase();
	refresh();
	return r < 0 && r != -ERESTART ? fail(err, r, "The terminal is gone") : r;
}

static void progress(struct ui *ui _unused_, const char *what, const char *detail,
		     uint64_t done, uint64_t total)
{
	int filled = total ? (int)(done * BAR_WIDTH / total) : 0;

	erase();
	draw_bar(0, "Please wait");
	draw_text(TEXT_TOP, MARGIN, MIN(COLS - 2 * MARGIN, TEXT_WIDTH), what);
	if (total) {
		mvaddch(TEXT_TOP + 3, MARGIN, '[');
		for (int i = 0; i < BAR_WIDTH; i++)
			addch(i < filled ? '#' : '.');
		printw("] %u %%", (unsigned)(done * 100 / total));
		if (detail)
			mvaddstr(TEXT_TOP + 4, MARGIN, detail);
	}
	move(LINES - 1, COLS - 1);
	refresh();
}

static void suspend(struct ui *ui _unused_)
{
	def_prog_mode();
	endwin();
}

static void resume(struct ui *ui _unused_)
{
	reset_prog_mode();
	clear();
	refresh();
}

static void full_free(struct ui *ui)
{
	struct full *f = (struct full *)ui;

	if (f->terminal) {
		erase();
		refresh();
		endwin();
		delscreen(f->terminal);
	}
	fclosep(&f->in);
	fclosep(&f->out);
	free(f);
}

static FILE *open_copy(int fd, const char *mode)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? NULL : fdopen(copy, mode);
}

struct ui *ui_full_new(int in, int out, struct error *err)
{
	static const struct ui_methods methods = {ask, progress, suspend, resume,
						  full_free};
	struct full *f = xcalloc(1, sizeof(*f));

	f->ui.methods = &methods;
	f->in = open_copy(in, "r");
	f->out = open_copy(out, "w");
	if (f->in && f->out)
		f->terminal = newterm(NULL, f->out, f->in);
	if (!f->terminal) {
		full_free(&f->ui);
		fail(err, -ENOTTY, "This terminal can't show a full screen");
		return NULL;
	}
	set_term(f->terminal);
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_MILLISECONDS);
	return &f->ui;
}
