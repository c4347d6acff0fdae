/* SPDX-License-Identifier: MIT */
/* Fuzz target: the kernel's command line. What is accepted must be the built-in one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "init/cmdline.h"

#define BUILTIN "console=ttyS0 quiet"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct error err;

	if (cmdline_check(text, BUILTIN, &err) == 0) {
		const char *at = strstr(text, BUILTIN);

		if (!at || strspn(text, " \t\r\n") != (size_t)(at - text))
			abort();
	} else if (strpbrk(err.message, "\033\n\r\t")) {
		abort();
	}
	return 0;
}
