/* SPDX-License-Identifier: MIT */
/* Fuzz target: lists of trusted keys, and signatures made of the same text. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "core/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	_cleanup_free_ char *text = xstrndup((const char *)data, size);

	if (trusted_keys_parse((const char *)data, size, &k, NULL) < 0)
		return 0;
	if (k.count == 0 || !k.keys[0].name[0] || signature_check(&k, text, data, size))
		abort();
	return 0;
}
