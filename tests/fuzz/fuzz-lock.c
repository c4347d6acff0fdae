/* SPDX-License-Identifier: MIT */
/* Fuzz target: locks. What is accepted must be written so that it is read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *input = xstrndup((const char *)data, size);
	_cleanup_free_ char *text = NULL, *second = NULL;
	_cleanup_lock_ struct lock l = {0}, again = {0};

	if (lock_parse(input, "lock", &l, NULL) < 0)
		return 0;
	text = lock_format(&l);
	if (lock_parse(text, "lock", &again, NULL) < 0 || lock_difference(&l, &again))
		abort();
	second = lock_format(&again);
	if (!streq(text, second))
		abort();
	return 0;
}
