/* SPDX-License-Identifier: MIT */
/* A list of choices on the full screen. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "welcome/full-internal.h"

#define DETAIL_GAP 2

struct menu {
	const struct screen *s;
	size_t chosen, top;
};

/* The next choice in this direction that can be chosen, or the present one. */
static size_t next(const struct menu *m, int direction)
{
	size_t i = m->chosen;

	for (;;) {
		if ((direction < 0 && i == 0) || (direction > 0 && i + 1 >= m->s->count))
			return m->chosen;
		i = direction < 0 ? i - 1 : i + 1;
		if (!m->s->items[i].off)
			return i;
	}
}

static void move_by(struct menu *m, int steps)
{
	for (int i = 0; i < (steps < 0 ? -steps : steps); i++)
		m->chosen = next(m, steps);
}

/* The next one whose name begins with this letter. */
static void move_to_letter(struct menu *m, int letter)
{
	for (size_t i = 1; i <= m->s->count; i++) {
		size_t at = (m->chosen + i) % m->s->count;

		if (!m->s->items[at].off &&
		    tolower((unsigned char)m->s->items[at].label[0]) == tolower(letter)) {
			m->chosen = at;
			return;
		}
	}
}

/* One choice in one row; what doesn't fit is cut. */
static void draw_item(const struct menu *m, size_t i, int row, const struct place *p)
{
	const struct screen_item *e = &m->s->items[i];
	_cleanup_free_ char *text =
		e->detail ? xasprintf("%s%*s%s", e->label, DETAIL_GAP, "", e->detail)
			  : xstrdup(e->label);

	if (i == m->chosen)
		attron(A_REVERSE);
	else if (e->off)
		attron(A_DIM);
	mvprintw(row, p->column, "%c ", i == m->chosen ? '>' : e->off ? '-' : ' ');
	addnstr(text, MAX(COLS - p->column - 3, 1));
	attroff(A_REVERSE | A_DIM);
}

static void draw(struct menu *m)
{
	struct place p = draw_screen(m->s);
	size_t rows = (size_t)MAX(LINES - 1 - p.row, 1);

	if (m->chosen < m->top)
		m->top = m->chosen;
	if (m->chosen >= m->top + rows)
		m->top = m->chosen - rows + 1;
	for (size_t i = 0; i < rows && m->top + i < m->s->count; i++)
		draw_item(m, m->top + i, p.row + (int)i, &p);
	draw_hint(m->s->count > 1 ? "Arrows: choose" : "", m->s->back);
	move(p.row + (int)(m->chosen - m->top), p.column);
	refresh();
}

/* 1: go on asking, 0: answered. */
static int take_key(struct menu *m, int kind, wint_t key, struct answer *ret)
{
	int page = MAX(LINES / 2, 1);

	if (kind != KEY_CODE_YES) {
		if (key == '\r' || key == '\n') {
			ret->choice = m->chosen;
			return m->s->items[m->chosen].off ? 1 : 0;
		}
		if (key == KEY_CTRL('p'))
			return -ERESTART;
		if (key == KEY_ESCAPE && m->s->back) {
			ret->back = true;
			return 0;
		}
		if (key > ' ' && key < 0x7f)
			move_to_letter(m, (int)key);
		return 1;
	}
	if (key == KEY_ENTER) {
		ret->choice = m->chosen;
		return m->s->items[m->chosen].off ? 1 : 0;
	}
	move_by(m, key == KEY_UP      ? -1
		   : key == KEY_DOWN  ? 1
		   : key == KEY_PPAGE ? -page
		   : key == KEY_NPAGE ? page
		   : key == KEY_HOME  ? -(int)m->s->count
		   : key == KEY_END   ? (int)m->s->count
				      : 0);
	return 1;
}

int full_menu(const struct screen *s, struct answer *ret)
{
	struct menu m = {.s = s, .chosen = MIN(s->preset, s->count - 1)};
	int r = 1;

	if (s->items[m.chosen].off)
		move_by(&m, 1);
	while (r > 0) {
		wint_t key;
		int kind;

		draw(&m);
		kind = get_wch(&key);
		r = kind == ERR ? -EPIPE : take_key(&m, kind, key, ret);
	}
	return r;
}
