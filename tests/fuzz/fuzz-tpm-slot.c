/* SPDX-License-Identifier: MIT */
/* Fuzz target: a token for the TPM, which whoever has the disk can write. */
#include "fuzz.h"
#include "init/tpm-slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct tpm_slot s;

	if (tpm_slot_parse(text, &s) == 0) {
		must(s.slot >= 0);
		free(s.key);
	}
	return 0;
}
