/* SPDX-License-Identifier: MIT */
/* Nix's base 32. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "core/base32.h"

static const char digits[] = "0123456789abcdfghijklmnpqrsvwxyz";

static int digit_value(char c)
{
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

void base32_encode(const void *data, size_t size, char *out)
{
	const uint8_t *bytes = data;
	size_t length = BASE32_LENGTH(size);

	for (size_t n = length; n-- > 0;) {
		size_t bit = n * 5, i = bit / 8, shift = bit % 8;
		unsigned value = bytes[i] >> shift;

		if (i + 1 < size)
			value |= (unsigned)bytes[i + 1] << (8 - shift);
		*out++ = digits[value & 31];
	}
	*out = 0;
}

int base32_decode(const char *text, void *out, size_t size)
{
	uint8_t *bytes = out;
	size_t length = BASE32_LENGTH(size);

	if (strnlen(text, length) < length)
		return -EINVAL;
	memset(bytes, 0, size);
	for (size_t n = 0; n < length; n++) {
		int value = digit_value(text[length - n - 1]);
		size_t bit = n * 5, i = bit / 8, shift = bit % 8;

		if (value < 0)
			return -EINVAL;
		bytes[i] |= (uint8_t)(value << shift);
		value >>= 8 - shift;
		if (value && i + 1 >= size)
			return -EINVAL;
		if (value)
			bytes[i + 1] |= (uint8_t)value;
	}
	return 0;
}

int base32_valid(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (digit_value(text[i]) < 0)
			return 0;
	return 1;
}
