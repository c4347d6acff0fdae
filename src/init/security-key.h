/* SPDX-License-Identifier: MIT */
/* A FIDO2 security key that opens the disk: what its slot wants, and what an answer of
 * systemd's token plugin means. */
#pragma once

#include <stdbool.h>

/* The type of its token. */
#define KEY_TOKEN "systemd-fido2"

enum key_answer {
	KEY_OPENED,
	KEY_WANTS_PIN, /* ask for it, and try once more */
	KEY_REFUSED,
};

enum key_slot {
	KEY_SLOT_NONE, /* of something else */
	KEY_SLOT_TOUCH,
	KEY_SLOT_PIN, /* always; of KEY_SLOT_TOUCH only the key itself may want one */
};

/* What a token of the header wants of the key. */
enum key_slot security_key_slot(const char *json);

/* `r`: the slot, or libcryptsetup's negative errno; `pin`: one was typed. */
enum key_answer security_key_answer(int r, bool pin);

/* Why a key didn't open the disk: one sentence without a full stop. */
const char *security_key_words(int r, bool pin);
