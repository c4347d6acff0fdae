/* SPDX-License-Identifier: MIT */
/* Fuzz target: targets of the profile's links, which come from the disk. */
#include "base/str.h"
#include "fuzz.h"
#include "init/current.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	const char *base = profile_target(text);

	if (base)
		must(store_base_valid(base) && startswith(text, STORE_DIR "/") &&
		     !strchr(base, '/'));
	if (generation_of_link(text) > 0)
		must(startswith(text, "system-") && endswith(text, "-link") &&
		     !strchr(text, '/'));
	return 0;
}
