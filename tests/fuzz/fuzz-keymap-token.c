/* SPDX-License-Identifier: MIT */
/* Fuzz target: the token of a LUKS2 header that names a keymap. */
#include "fuzz.h"
#include "core/token.h"
#include "init/keymap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *const allowed[] = {(char *)"us", (char *)"de-latin1", NULL};
	_cleanup_free_ char *text = xstrndup((const char *)data, size),
			    *name = token_decode(text, "keymap");

	if (name && keymap_allowed(name, allowed))
		must(!strpbrk(name, "/ \n") && name[0] != '-');
	return 0;
}
