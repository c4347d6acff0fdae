/* SPDX-License-Identifier: MIT */
/* Allocation that ends the program when memory is exhausted. Sizes that come from
 * input are checked against a named limit by the caller first. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "macro.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t size);
_printf_(1, 2) char *xasprintf(const char *fmt, ...);
_printf_(1, 0) char *xvasprintf(const char *fmt, va_list ap);

/* Makes room for one more element in a growing array: doubles *capacity when count has
 * reached it and returns the (possibly moved) array. */
void *xgrow(void *array, size_t count, size_t *capacity, size_t element_size);

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(free_ptr)
