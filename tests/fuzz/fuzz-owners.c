/* SPDX-License-Identifier: MIT */
/* Fuzz target: names in the tokens of a LUKS2 header that anybody may have written. */
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "install/contents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_strv_ char **names = owners_parse(text);

	if (names && !owned_parse(text))
		__builtin_trap();

	/* What is shown on a terminal. */
	for (char **n = names; n && *n; n++)
		for (const char *c = *n; *c; c++)
			if (*c <= 0x20 || *c > 0x7e)
				__builtin_trap();
	return 0;
}
