/* SPDX-License-Identifier: MIT */
/* Strings: prefixes, lists, numbers, hexadecimal, the nearest word. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

static inline bool streq(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}

/* Returns what follows the prefix, or NULL. */
const char *startswith(const char *s, const char *prefix);
const char *endswith(const char *s, const char *suffix);

/* A NULL-terminated list of strings, grown with strv_add (takes a copy). */
char **strv_add(char **list, const char *s);
/* Adds a string that the list owns from then on. */
char **strv_consume(char **list, char *s);
size_t strv_length(char *const *list);
bool strv_contains(char *const *list, const char *s);
void strv_sort(char **list);
void strv_free(char **list);
static inline void strv_freep(char ***list)
{
	strv_free(*list);
}
#define _cleanup_strv_ _cleanup_(strv_freep)

/* Splits at any of `separators`; empty fields are left out. */
char **strv_split(const char *s, const char *separators);
char *strv_join(char *const *list, const char *separator);

/* A whole decimal number that fits; -EINVAL or -ERANGE otherwise. */
int parse_u64(const char *s, uint64_t *ret);

/* Lower-case hexadecimal; out has room for 2 * size + 1. */
void hex_encode(const void *data, size_t size, char *out);
/* Exactly `size` bytes from 2 * size digits, -EINVAL otherwise. */
int hex_decode(const char *s, void *out, size_t size);

/* The element of `list` with the smallest edit distance to `word`, or NULL when nothing
 * is near enough to be a slip of the pen. */
const char *nearest(const char *word, char *const *list);
/* Number of insertions, deletions and replacements between two words (Levenshtein). */
size_t edit_distance(const char *a, const char *b);
