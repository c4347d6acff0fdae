/* SPDX-License-Identifier: MIT */
/* Fuzz target: what is typed at the rescue prompt. */
#include "fuzz.h"
#include "init/rescue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *answer = xstrndup((const char *)data, size);
	enum rescue_choice end = rescue_parse(answer, OFFER_END);

	must(end == RESCUE_NONE || end == RESCUE_RESTART || end == RESCUE_POWER_OFF);
	must(rescue_parse(answer, OFFER_RETRY) != RESCUE_SHELL);
	if (rescue_parse(answer, OFFER_SHELL) != RESCUE_NONE)
		must(answer[0] && (!answer[1] || answer[1] == ' '));
	return 0;
}
