/* SPDX-License-Identifier: MIT */
/* Fuzz target: a pin, whoever may have written it into the TPM. */
#include "fuzz.h"
#include "init/pin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that the sanitizer sees every step beyond. */
	_cleanup_free_ uint8_t *copy = xmemdup(data, size);
	uint8_t again[PIN_SIZE];
	struct pin p;

	if (pin_decode(copy, size, &p) == 0) {
		must(size == PIN_SIZE && p.owner_count <= PIN_OWNERS_MAX);
		pin_encode(&p, again);
		must(memcmp(again, data, PIN_SIZE) == 0);
	}
	return 0;
}
