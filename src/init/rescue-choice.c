/* SPDX-License-Identifier: MIT */
/* What was typed at the rescue prompt. */
#include "init/rescue.h"

enum rescue_choice rescue_parse(const char *answer, bool shell)
{
	static const struct {
		char letter, number;
		enum rescue_choice choice;
	} table[] = {{'t', '1', RESCUE_RETRY},
		     {'m', '2', RESCUE_MESSAGES},
		     {'r', '3', RESCUE_RESTART},
		     {'p', '4', RESCUE_POWER_OFF},
		     {'s', '5', RESCUE_SHELL}};
	char c = answer[0];

	if (!c || (answer[1] && answer[1] != ' '))
		return RESCUE_NONE;
	for (size_t i = 0; i < ELEMENTSOF(table); i++)
		if (c == table[i].number || (c | 0x20) == table[i].letter)
			return table[i].choice == RESCUE_SHELL && !shell
				       ? RESCUE_NONE
				       : table[i].choice;
	return RESCUE_NONE;
}
