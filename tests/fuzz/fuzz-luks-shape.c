/* SPDX-License-Identifier: MIT */
/* Fuzz target: the shape of a LUKS2 header. */
#include <stdint.h>

#include "base/alloc.h"
#include "init/luks-shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct error err;

	(void)luks_shape_check(text, &err);
	return 0;
}
