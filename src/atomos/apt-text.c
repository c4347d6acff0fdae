/* SPDX-License-Identifier: MIT */
/* The texts that apt reads and prints: stanzas, URIs, summaries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/apt-text.h"

bool stanza_next(const char **cursor, const char *end, struct stanza *ret)
{
	const char *p = *cursor, *stop;

	while (p < end && *p == '\n')
		p++;
	if (p == end) {
		*cursor = p;
		return false;
	}
	stop = memmem(p, (size_t)(end - p), "\n\n", 2);
	stop = stop ? stop + 1 : end;
	*ret = (struct stanza){p, (size_t)(stop - p)};
	*cursor = stop;
	return true;
}

static const char *trim(const char *start, const char *end, size_t *ret_size)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && strchr(" \t\r", end[-1]))
		end--;
	*ret_size = (size_t)(end - start);
	return start;
}

const char *stanza_field(const struct stanza *s, const char *name, size_t *ret_size)
{
	const char *line = s->text, *end = s->text + s->size;
	size_t n = strlen(name);

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		if ((size_t)(stop - line) > n && line[n] == ':' && !memcmp(line, name, n))
			return trim(line + n + 1, stop, ret_size);
		line = stop < end ? stop + 1 : end;
	}
	return NULL;
}

char *stanza_get(const struct stanza *s, const char *name)
{
	size_t size;
	const char *value = stanza_field(s, name, &size);

	return value ? xstrndup(value, size) : NULL;
}

/* Moves *p over `text` when it is there. */
static bool skip(const char **p, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *p) < n || memcmp(*p, text, n))
		return false;
	*p += n;
	return true;
}

/* The characters up to `stop`, which is skipped; -EBADMSG when it isn't there or they are
 * none. */
static int take_until(const char **p, const char *end, char stop, char **ret)
{
	const char *found = memchr(*p, stop, (size_t)(end - *p));

	if (!found || found == *p || memchr(*p, 0, (size_t)(found - *p)))
		return -EBADMSG;
	*ret = xstrndup(*p, (size_t)(found - *p));
	*p = found + 1;
	return 0;
}

void apt_uri_done(struct apt_uri *u)
{
	free(u->uri);
	*u = (struct apt_uri){0};
}

int apt_uri_parse(const char *line, size_t size, struct apt_uri *ret)
{
	_cleanup_free_ char *uri = NULL, *file = NULL, *number = NULL;
	const char *p = line, *end = line + size;
	uint64_t bytes;

	*ret = (struct apt_uri){0};
	if (!skip(&p, end, "'") || take_until(&p, end, '\'', &uri) < 0 ||
	    !skip(&p, end, " ") || take_until(&p, end, ' ', &file) < 0 ||
	    take_until(&p, end, ' ', &number) < 0 || parse_u64(number, &bytes) < 0)
		return -EBADMSG;
	/* The hash is not used (Packages has a better one), but must look like one. */
	if (p < end &&
	    (!memchr(p, ':', (size_t)(end - p)) || memchr(p, ' ', (size_t)(end - p))))
		return -EBADMSG;
	ret->uri = TAKE_PTR(uri);
	ret->size = bytes;
	return 0;
}

int uri_decode(const char *text, char **ret)
{
	_cleanup_free_ char *out = xmalloc(strlen(text) + 1);
	char *end = out;

	while (*text) {
		if (*text != '%') {
			*end++ = *text++;
			continue;
		}
		char digits[3] = {text[1], text[1] ? text[2] : 0, 0};

		if (hex_decode(digits, end, 1) < 0 || !*end)
			return -EBADMSG;
		end++;
		text += 3;
	}
	*end = 0;
	*ret = TAKE_PTR(out);
	return 0;
}

/* "NUMBER words", where the number stands before `words`. */
static bool number_before(const char *line, const char *words, uint64_t *ret)
{
	const char *p = strstr(line, words);
	_cleanup_free_ char *digits = NULL;
	const char *start = p;

	while (start && start > line && start[-1] >= '0' && start[-1] <= '9')
		start--;
	if (!p || start == p)
		return false;
	digits = xstrndup(start, (size_t)(p - start));
	return parse_u64(digits, ret) == 0;
}

bool apt_summary_find(const char *output, struct apt_summary *ret)
{
	_cleanup_strv_ char **lines = strv_split(output, "\n");

	for (char **l = lines; *l; l++)
		if (number_before(*l, " upgraded, ", &ret->upgraded) &&
		    number_before(*l, " newly installed, ", &ret->installed) &&
		    number_before(*l, " to remove", &ret->removed))
			return true;
	return false;
}

uint64_t release_date(const struct stanza *release)
{
	_cleanup_free_ char *text = stanza_get(release, "Date");
	struct tm tm = {0};
	const char *rest = text ? strptime(text, "%a, %d %b %Y %H:%M:%S", &tm) : NULL;
	time_t t;

	if (!rest ||
	    (!streq(rest, " UTC") && !streq(rest, " +0000") && !streq(rest, " GMT")))
		return 0;
	t = timegm(&tm);
	return t > 0 ? (uint64_t)t : 0;
}

/* One line with single blanks. */
static char *flatten(const char *text)
{
	_cleanup_strv_ char **words = strv_split(text, " \t\n");

	return strv_join(words, " ");
}

char *apt_reason(const char *output, const char *messages)
{
	const char *unmet = strstr(output, "unmet dependencies:\n");
	const char *error = strstr(messages, "E: ");
	_cleanup_free_ char *part = NULL;

	if (unmet)
		return flatten(unmet + strlen("unmet dependencies:\n"));
	if ((unmet = strstr(output, " is a virtual package provided by:\n"))) {
		while (unmet > output && unmet[-1] != '\n')
			unmet--;
		return flatten(unmet);
	}
	if (!error)
		return flatten(messages);
	part = xstrndup(error + 3, strcspn(error + 3, "\n"));
	return flatten(part);
}
