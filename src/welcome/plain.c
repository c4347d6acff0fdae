/* SPDX-License-Identifier: MIT */
/* The plain front end: one line after the other, nothing is ever redrawn. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/ui.h"

#define WIDTH 76
#define BACK "<"
/* A list that is longer is printed several to a line. */
#define LONG_LIST 20

struct plain {
	struct ui ui;
	int in, out;
	char *said; /* the last progress, so that a step is one line */
};

static void put(struct plain *p, const char *text)
{
	(void)write_full(p->out, text, strlen(text));
}

_printf_(2, 3) static void print(struct plain *p, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	put(p, text);
}

static void print_wrapped(struct plain *p, const char *text)
{
	_cleanup_free_ char *lines = screen_wrap(text, WIDTH);

	print(p, "%s\n", lines);
}

static void show_items(struct plain *p, const struct screen *s)
{
	bool compact = s->count > LONG_LIST;

	for (size_t i = 0; i < s->count; i++) {
		const struct screen_item *e = &s->items[i];

		if (compact)
			print(p, "%s%zu %s", i ? ", " : "", i + 1, e->label);
		else if (e->off)
			print(p, "  -  %s (not possible: %s)\n", e->label,
			      e->detail ? e->detail : "");
		else
			print(p, "  %zu  %s%s%s\n", i + 1, e->label,
			      e->detail ? ": " : "", e->detail ? e->detail : "");
	}
	if (compact)
		put(p, "\n");
}

/* The item that was typed by its number, or by the beginning of its name that no other
 * has; negative when it is none. */
static int choose(const struct screen *s, const char *text)
{
	uint64_t number;
	int found = -ENOENT;

	if (!*text)
		return s->preset < s->count && !s->items[s->preset].off ? (int)s->preset
									: -ENOENT;
	if (parse_u64(text, &number) == 0)
		return number >= 1 && number <= s->count && !s->items[number - 1].off
			       ? (int)number - 1
			       : -ENOENT;
	for (size_t i = 0; i < s->count; i++) {
		if (strncasecmp(s->items[i].label, text, strlen(text)) != 0 ||
		    s->items[i].off)
			continue;
		if (strcasecmp(s->items[i].label, text) == 0)
			return (int)i;
		if (found >= 0)
			return -EEXIST;
		found = (int)i;
	}
	return found;
}

static int ask_menu(struct plain *p, const struct screen *s, struct answer *ret)
{
	for (;;) {
		int r;

		print(p, "Number or name [%zu]%s: ", s->preset + 1,
		      s->back ? ", " BACK " for the question before" : "");
		r = secret_read_line(p->in, false, ret->text);
		if (r < 0)
			return r;
		if (s->back && streq(ret->text->data, BACK)) {
			ret->back = true;
			return 0;
		}
		r = choose(s, ret->text->data);
		if (r >= 0) {
			ret->choice = (size_t)r;
			return 0;
		}
		put(p,
		    r == -EEXIST ? "Several begin so.\n" : "There is no such choice.\n");
	}
}

static int ask_text(struct plain *p, const struct screen *s, struct answer *ret)
{
	bool hidden = s->kind == SCREEN_SECRET;
	int r;

	print(p, "%s", s->prompt);
	if (s->initial && s->initial[0])
		print(p, " [%s]", s->initial);
	print(p, "%s: ",
	      hidden	? " (isn't shown)"
	      : s->back ? ", " BACK " for the question before"
			: "");
	r = secret_read_line(p->in, hidden, ret->text);
	if (r < 0)
		return r;
	if (s->back && streq(ret->text->data, BACK)) {
		ret->back = true;
	} else if (ret->text->size == 0 && s->initial) {
		ret->text->size = MIN(strlen(s->initial), (size_t)SECRET_MAX);
		memcpy(ret->text->data, s->initial, ret->text->size);
		ret->text->data[ret->text->size] = 0;
	}
	return 0;
}

static void show(struct plain *p, const struct screen *s)
{
	print(p, "\n%s\n", s->title);
	if (s->text)
		print_wrapped(p, s->text);
	if (s->drawing_text)
		print(p, "%s", s->drawing_text);
	show_items(p, s);
	if (s->error)
		print_wrapped(p, s->error);
}

static int ask(struct ui *ui, const struct screen *s, struct answer *ret,
	       struct error *err)
{
	struct plain *p = (struct plain *)ui;
	int r = 0;

	ret->back = false;
	ret->text->size = 0;
	ret->text->data[0] = 0;
	show(p, s);
	if (s->kind == SCREEN_MENU)
		r = ask_menu(p, s, ret);
	else if (s->kind != SCREEN_MESSAGE)
		r = ask_text(p, s, ret);
	return r < 0 ? fail(err, r, "There is nobody to answer: %s",
			    r == -EPIPE ? "the input ended" : strerror(-r))
		     : 0;
}

static void progress(struct ui *ui, const char *what, const char *detail, uint64_t done,
		     uint64_t total)
{
	struct plain *p = (struct plain *)ui;
	_cleanup_free_ char *line =
		total ? xasprintf("%s: %u %%", what, (unsigned)(done * 10 / total * 10))
		      : xstrdup(what);

	/* The detail is another one each time. */
	if (p->said && streq(p->said, line))
		return;
	print(p, "%s%s%s\n", line, detail ? ", " : "", detail ? detail : "");
	free(p->said);
	p->said = TAKE_PTR(line);
}

static void nothing(struct ui *ui _unused_)
{
}

static void plain_free(struct ui *ui)
{
	struct plain *p = (struct plain *)ui;

	free(p->said);
	free(p);
}

struct ui *ui_plain_new(int in, int out)
{
	static const struct ui_methods methods = {ask, progress, nothing, nothing,
						  plain_free};
	struct plain *p = xcalloc(1, sizeof(*p));

	*p = (struct plain){.ui.methods = &methods, .in = in, .out = out};
	return &p->ui;
}
