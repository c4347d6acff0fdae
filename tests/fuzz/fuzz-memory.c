/* SPDX-License-Identifier: MIT */
/* Fuzz target: /proc/meminfo. */
#include "fuzz.h"
#include "init/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct memory m = {0};

	if (memory_parse(text, &m) == 0)
		must(m.zram == 0 && memory_check(&m, m.available, NULL) < 0);
	return 0;
}
