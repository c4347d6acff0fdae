/* SPDX-License-Identifier: MIT */
/* Fuzz target: the record in a volume's header. */
#include "fuzz.h"
#include "init/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	const uint8_t key[RECORD_KEY_SIZE] = {0};
	struct pin p;

	if (record_token_parse(text, key, &p) == 0)
		must(p.owner_count <= PIN_OWNERS_MAX);
	return 0;
}
