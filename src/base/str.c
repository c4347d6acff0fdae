/* SPDX-License-Identifier: MIT */
/* Strings: prefixes, lists, numbers, hexadecimal, the nearest word. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "str.h"

const char *startswith(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

const char *endswith(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && streq(s + n - m, suffix) ? s + n - m : NULL;
}

size_t strv_length(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

char **strv_consume(char **list, char *s)
{
	size_t n = strv_length(list);

	/* Room grows at powers of two, so that adding stays linear overall. */
	if ((n & (n + 1)) == 0)
		list = xrealloc(list, 2 * (n + 1), sizeof(char *));
	list[n] = s;
	list[n + 1] = NULL;
	return list;
}

char **strv_add(char **list, const char *s)
{
	return strv_consume(list, xstrdup(s));
}

bool strv_contains(char *const *list, const char *s)
{
	for (; list && *list; list++)
		if (streq(*list, s))
			return true;
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(char **list)
{
	if (list)
		qsort(list, strv_length(list), sizeof(char *), compare_strings);
}

void strv_free(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

char **strv_split(const char *s, const char *separators)
{
	char **list = xcalloc(1, sizeof(char *));

	while (*(s += strspn(s, separators))) {
		size_t n = strcspn(s, separators);

		list = strv_consume(list, xstrndup(s, n));
		s += n;
	}
	return list;
}

char *strv_join(char *const *list, const char *separator)
{
	size_t size = 1;
	char *joined, *end;

	for (char *const *p = list; p && *p; p++)
		size += strlen(*p) + strlen(separator);
	joined = end = xmalloc(size);
	*end = 0;
	for (char *const *p = list; p && *p; p++) {
		if (p != list)
			end = stpcpy(end, separator);
		end = stpcpy(end, *p);
	}
	return joined;
}

int parse_u64(const char *s, uint64_t *ret)
{
	unsigned long long n;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(s, &end, 10);
	if (errno)
		return -errno;
	if (*end)
		return -EINVAL;
	*ret = n;
	return 0;
}

void hex_encode(const void *data, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(const char *s, void *out, size_t size)
{
	uint8_t *p = out;

	if (strlen(s) != 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(s[2 * i]), low = hex_digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		p[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

size_t edit_distance(const char *a, const char *b)
{
	size_t m = strlen(b);
	_cleanup_free_ size_t *row = xcalloc(m + 1, sizeof(size_t));

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t above = row[j];
			size_t best = MIN(above, row[j - 1]) + 1;

			row[j] = MIN(best, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[m];
}

const char *nearest(const char *word, char *const *list)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 2;

	for (; list && *list; list++) {
		size_t distance = edit_distance(word, *list);

		if (distance < best_distance) {
			best = *list;
			best_distance = distance;
		}
	}
	return best;
}
