/* SPDX-License-Identifier: MIT */
/* What was typed at the rescue prompt. */
#include "init/rescue.h"

static const struct {
	char letter, number;
	enum rescue_choice choice;
	enum rescue_offer from; /* the least that offers it */
} table[] = {{'t', '1', RESCUE_RETRY, OFFER_RETRY},
	     {'m', '2', RESCUE_MESSAGES, OFFER_RETRY},
	     {'r', '3', RESCUE_RESTART, OFFER_END},
	     {'p', '4', RESCUE_POWER_OFF, OFFER_END},
	     {'s', '5', RESCUE_SHELL, OFFER_SHELL}};

const char *rescue_question(enum rescue_offer offer)
{
	switch (offer) {
	case OFFER_SHELL:
		return "[t]ry again, show [m]essages, [r]estart, [p]ower off, [s]hell:";
	case OFFER_RETRY:
		return "[t]ry again, show [m]essages, [r]estart, [p]ower off:";
	case OFFER_END:
		break;
	}
	return "[r]estart or [p]ower off:";
}

enum rescue_choice rescue_parse(const char *answer, enum rescue_offer offer)
{
	char c = answer[0];

	if (!c || (answer[1] && answer[1] != ' '))
		return RESCUE_NONE;
	for (size_t i = 0; i < ELEMENTSOF(table); i++)
		if (c == table[i].number || (c | 0x20) == table[i].letter)
			return offer < table[i].from ? RESCUE_NONE : table[i].choice;
	return RESCUE_NONE;
}
