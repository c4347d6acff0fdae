/* SPDX-License-Identifier: MIT */
/* What fuzz targets of several texts share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failed property of the parser. */
static inline void must(bool good)
{
	if (!good)
		abort();
}

/* Cuts an input at form feeds into `count` texts, missing ones empty; each is freed by
 * the caller. */
static inline void cut_texts(const uint8_t *data, size_t size, char **out, size_t count)
{
	const char *p = (const char *)data, *end = p + size;

	for (size_t i = 0; i < count; i++) {
		size_t left = (size_t)(end - p);
		const char *stop = left ? memchr(p, '\f', left) : NULL;
		size_t n = stop ? (size_t)(stop - p) : left;

		out[i] = xstrndup(n ? p : "", n);
		p += stop ? n + 1 : n;
	}
}
