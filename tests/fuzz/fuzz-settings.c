/* SPDX-License-Identifier: MIT */
/* Fuzz target: settings.json of the boot image. */
#include "fuzz.h"
#include "init/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	struct settings s = {0};

	if (settings_parse(text, &s, NULL) == 0)
		must(s.release <= UINT32_MAX && s.zram_percent <= 500 &&
		     s.zram_algorithm);
	settings_done(&s);
	return 0;
}
