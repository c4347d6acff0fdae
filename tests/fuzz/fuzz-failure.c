/* SPDX-License-Identifier: MIT */
/* Fuzz target: the EFI variable with the reason of a failed start. */
#include "fuzz.h"
#include "init/failure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = xmemdup(data, size);
	_cleanup_free_ char *text = NULL;

	if (failure_decode(copy, size, &text) < 0)
		return 0;
	must(strlen(text) > 0 && strlen(text) <= FAILURE_MAX);
	for (const char *c = text; *c; c++)
		must(*c >= ' ' && *c <= '~');
	return 0;
}
