/* SPDX-License-Identifier: MIT */
/* Fuzz target: the EFI variable that names the loader's partition. */
#include "fuzz.h"
#include "init/choose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = xmemdup(data, size);
	char guid[37];

	if (loader_partition_decode(copy, size, guid) == 0)
		must(strlen(guid) == 36 && strspn(guid, "0123456789abcdef-") == 36);
	return 0;
}
