/* SPDX-License-Identifier: MIT */
/* Fuzz target: closure files. What is accepted must be written so that it is read the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "core/narinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_closure_ struct closure c = {0}, again = {0};
	_cleanup_free_ char *text = NULL, *second = NULL;

	if (closure_parse((const char *)data, size, &c, NULL) < 0)
		return 0;
	text = closure_format(&c);
	if (closure_parse(text, strlen(text), &again, NULL) < 0)
		abort();
	second = closure_format(&again);
	if (strcmp(text, second) != 0)
		abort();
	return 0;
}
