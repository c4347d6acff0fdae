/* SPDX-License-Identifier: MIT */
/* Nix's base 32: digits "0123456789abcdfghijklmnpqrsvwxyz", the last bits first (Nix:
 * src/libutil/hash.cc). */
#pragma once

#include <stddef.h>

/* Characters that `size` bytes need. */
#define BASE32_LENGTH(size) (((size) * 8 + 4) / 5)

/* `out` has room for BASE32_LENGTH(size) + 1. */
void base32_encode(const void *data, size_t size, char *out);

/* Exactly BASE32_LENGTH(size) characters of `text` (which may go on) become `size` bytes.
 * -EINVAL for fewer, another character, or bits that don't fit. */
int base32_decode(const char *text, void *out, size_t size);

/* True when the first `length` characters of `text` are all digits of this alphabet. */
int base32_valid(const char *text, size_t length);
