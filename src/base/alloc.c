/* SPDX-License-Identifier: MIT */
/* Allocation that ends the program when memory is exhausted. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"

static _noreturn_ void out_of_memory(void)
{
	fputs("Out of memory.\n", stderr);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t count, size_t size)
{
	void *n = reallocarray(p, count ? count : 1, size);

	if (!n)
		out_of_memory();
	return n;
}

void *xmemdup(const void *p, size_t size)
{
	void *n = xmalloc(size);

	if (size)
		memcpy(n, p, size);
	return n;
}

char *xstrndup(const char *s, size_t n)
{
	size_t length = strnlen(s, n);
	char *d = xmalloc(length + 1);

	memcpy(d, s, length);
	d[length] = 0;
	return d;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void *xgrow(void *array, size_t count, size_t *capacity, size_t element_size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 16;
	return xrealloc(array, *capacity, element_size);
}
