/* SPDX-License-Identifier: MIT */
/* Fuzz target: an entry of the firmware's boot list. */
#include "fuzz.h"
#include "install/boot-entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that the sanitizer sees every step beyond. */
	_cleanup_free_ uint8_t *copy = xmemdup(data, size);
	struct boot_entry e;

	if (boot_entry_parse(copy, size, &e) == 0) {
		must(strlen(e.label) < BOOT_ENTRY_TEXT_MAX &&
		     strlen(e.loader) < BOOT_ENTRY_TEXT_MAX);
		must(strlen(e.partition) == 0 || strlen(e.partition) == GUID_LENGTH);
	}
	return 0;
}
