/* SPDX-License-Identifier: MIT */
/* Fuzz target: hexadecimal and Nix's base 32. What is accepted is written the same. */
#include <ctype.h>

#include "base/str.h"
#include "core/base32.h"
#include "fuzz.h"

#define BYTES 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	char again[2 * BYTES + 1];
	uint8_t bytes[BYTES];

	if (hex_decode(text, bytes, BYTES) == 0) {
		hex_encode(bytes, BYTES, again);
		must(strcasecmp(again, text) == 0);
	}
	if (base32_decode(text, bytes, BYTES) == 0) {
		base32_encode(bytes, BYTES, again);
		must(startswith(text, again) != NULL);
	}
	return 0;
}
