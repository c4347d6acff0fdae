/* SPDX-License-Identifier: MIT */
/* Screens as data. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "welcome/screen.h"

void screen_done(struct screen *s)
{
	free(s->title);
	free(s->text);
	free(s->error);
	if (s->drawing)
		wipe(s->drawing, strlen(s->drawing));
	free(s->drawing);
	if (s->drawing_text)
		wipe(s->drawing_text, strlen(s->drawing_text));
	free(s->drawing_text);
	free(s->prompt);
	free(s->initial);
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].label);
		free(s->items[i].detail);
	}
	free(s->items);
	*s = (struct screen){0};
}

void screen_add(struct screen *s, const char *label, const char *detail)
{
	s->items = xgrow(s->items, s->count, &s->capacity, sizeof(*s->items));
	s->items[s->count++] = (struct screen_item){
		.label = xstrdup(label), .detail = detail ? xstrdup(detail) : NULL};
}

void screen_add_off(struct screen *s, const char *label, const char *why)
{
	screen_add(s, label, why);
	s->items[s->count - 1].off = true;
}

/* The next character of UTF-8 as code point; a byte that is none stands for itself. */
static wchar_t next(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	unsigned extra = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0;
	wchar_t c = extra ? (wchar_t)(s[0] & (0x3f >> extra)) : (wchar_t)s[0];

	for (unsigned i = 1; i <= extra; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			(*p)++;
			return s[0];
		}
		c = (c << 6) | (s[i] & 0x3f);
	}
	*p += extra + 1;
	return c;
}

size_t screen_columns(const char *text)
{
	size_t columns = 0;

	while (*text) {
		int width = wcwidth(next(&text));

		columns += width > 0 ? (size_t)width : width < 0;
	}
	return columns;
}

size_t screen_fitting(const char *text, size_t columns)
{
	const char *end = text;

	while (*end) {
		const char *after = end;
		int width = wcwidth(next(&after));
		size_t taken = width > 0 ? (size_t)width : width < 0;

		if (taken > columns)
			break;
		columns -= taken;
		end = after;
	}
	return (size_t)(end - text);
}

char *screen_wrap(const char *text, size_t width)
{
	char *out = xstrdup(text), *line = out, *space = NULL;

	for (char *c = out;; c++) {
		char end = *c;

		if (end && end != ' ' && end != '\n')
			continue;
		*c = 0;
		if (screen_columns(line) > width && space) {
			*space = '\n';
			line = space + 1;
		}
		*c = end;
		space = c;
		if (end == '\n') {
			line = c + 1;
			space = NULL;
		}
		if (!end)
			return out;
	}
}
