/* SPDX-License-Identifier: MIT */
/* What a slot of a LUKS2 header opens with. */
#pragma once

#include <libcryptsetup.h>

enum opener {
	OPENER_NONE,
	OPENER_GENERIC, /* the boot image's password, which everybody knows */
	OPENER_PASSWORD,
	OPENER_RECOVERY,
	OPENER_TPM,
	OPENER_FIDO2,
};

/* By the token that names the slot; a slot without one opens with a password. */
enum opener opener_of_slot(struct crypt_device *device, int slot);

/* Its word in boot.json, or NULL for OPENER_NONE. */
const char *opener_word(enum opener o);
