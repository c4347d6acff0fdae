/* SPDX-License-Identifier: MIT */
/* A FIDO2 security key that opens the disk: what an answer of systemd's token plugin
 * means. */
#pragma once

#include <stdbool.h>

enum key_answer {
	KEY_OPENED,
	KEY_WANTS_PIN, /* ask for it, and try once more */
	KEY_REFUSED,
};

/* `r`: the slot, or libcryptsetup's negative errno; `pin`: one was typed. */
enum key_answer security_key_answer(int r, bool pin);

/* Why a key didn't open the disk: one sentence without a full stop. */
const char *security_key_words(int r, bool pin);
