/* SPDX-License-Identifier: MIT */
/* A list of choices on the full screen. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "welcome/full-internal.h"

#define DETAIL_GAP 2
#define MARK 2 /* columns before a choice */

struct menu {
	const struct screen *s;
	size_t chosen, top;
};

/* Where the choices are, and whether label and detail have rows of their own. */
struct list {
	int row, column, width, rows;
	bool apart;
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

/* Label and detail in one row, or each in rows of its own, the detail moved in: nothing
 * of either is cut. */
static char *item_text(const struct screen_item *e, bool apart, int width)
{
	_cleanup_free_ char *detail = NULL;
	_cleanup_strv_ char **lines = NULL, **rows = NULL;

	if (!apart)
		return xasprintf("%s%*s%s", e->label, e->detail ? DETAIL_GAP : 0, "",
				 e->detail ? e->detail : "");
	rows = strv_consume(NULL, screen_wrap(e->label, (size_t)width));
	if (e->detail)
		detail = screen_wrap(e->detail, (size_t)MAX(width - DETAIL_GAP, 1));
	lines = strv_split(detail ? detail : "", "\n");
	for (char **line = lines; *line; line++)
		rows = strv_consume(rows, xasprintf("%*s%s", DETAIL_GAP, "", *line));
	return strv_join(rows, "\n");
}

static bool fits(const struct screen_item *e, int width)
{
	_cleanup_free_ char *text = item_text(e, false, width);

	return screen_columns(text) <= (size_t)width;
}

/* One that doesn't fit takes all of them apart: a list looks the same throughout. */
static struct list make_list(const struct screen *s, const struct place *p)
{
	struct list l = {.column = p->column,
			 .row = p->row,
			 .rows = MAX(LINES - 1 - p->row, 1),
			 .width = MAX(COLS - p->column - MARK - 1, 1)};

	for (size_t i = 0; i < s->count; i++)
		l.apart |= !fits(&s->items[i], l.width);
	return l;
}

static int item_rows(const struct menu *m, const struct list *l, size_t i)
{
	_cleanup_free_ char *text = NULL;
	int rows = 1;

	if (!l->apart)
		return 1;
	text = item_text(&m->s->items[i], true, l->width);
	for (const char *c = text; *c; c++)
		rows += *c == '\n';
	return rows;
}

static int rows_between(const struct menu *m, const struct list *l, size_t from,
			size_t to)
{
	int rows = 0;

	for (size_t i = from; i <= to; i++)
		rows += item_rows(m, l, i);
	return rows;
}

/* Which choice is the first on the screen, so that the chosen one is all there. */
static void move_along(struct menu *m, const struct list *l)
{
	/* What stands before the first that can be chosen is seen, too. */
	if (m->chosen < m->top || next(m, -1) == m->chosen)
		m->top = next(m, -1) == m->chosen ? 0 : m->chosen;
	while (m->top < m->chosen && rows_between(m, l, m->top, m->chosen) > l->rows)
		m->top++;
}

/* Draws one choice and returns the row behind it; what is below the screen isn't drawn.
 */
static int draw_item(const struct menu *m, const struct list *l, size_t i, int row)
{
	const struct screen_item *e = &m->s->items[i];
	_cleanup_free_ char *text = item_text(e, l->apart, l->width);
	char mark = i == m->chosen ? '>' : e->off ? '-' : ' ';

	if (i == m->chosen)
		attron(A_REVERSE);
	else if (e->off)
		attron(A_DIM);
	for (char *line = text, *end; line && row < LINES - 1; line = end, mark = ' ') {
		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		mvprintw(row, l->column, "%c ", mark);
		/* Only a word that is longer than a row is cut. */
		draw_cut(line, COLS - l->column - MARK);
		row++;
	}
	attroff(A_REVERSE | A_DIM);
	return row;
}

static void draw(struct menu *m)
{
	struct place p = draw_screen(m->s);
	struct list l = make_list(m->s, &p);
	int row = l.row, chosen = l.row;

	move_along(m, &l);
	for (size_t i = m->top; i < m->s->count && row < LINES - 1; i++) {
		if (i == m->chosen)
			chosen = row;
		row = draw_item(m, &l, i, row);
	}
	draw_hint(m->s->count > 1 ? "Arrows: choose" : "", m->s->back);
	move(chosen, l.column);
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
