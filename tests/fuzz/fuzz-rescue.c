/* SPDX-License-Identifier: MIT */
/* Fuzz target: what is typed at the rescue prompt. */
#include "fuzz.h"
#include "init/rescue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *answer = xstrndup((const char *)data, size);

	must(rescue_parse(answer, false) != RESCUE_SHELL);
	if (rescue_parse(answer, true) != RESCUE_NONE)
		must(answer[0] && (!answer[1] || answer[1] == ' '));
	return 0;
}
