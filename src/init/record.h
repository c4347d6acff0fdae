/* SPDX-License-Identifier: MIT */
/* The record: what the pin holds, in the volume's own header, for starts in which no TPM
 * answers for it. A LUKS2 token
 *
 *   {"type":"atomos-record","keyslots":[],"record":BASE64,"mac":HEX}
 *
 * with the PIN_SIZE bytes of pin.h and their HMAC-SHA256 by a key that is made of the
 * volume key: only who opens the volume with a password can write it. */
#pragma once

#include "init/pin.h"

#define RECORD_TOKEN "atomos-record"
#define RECORD_KEY_SIZE 32

/* The key for `mac`; tells nothing of the volume key. -EIO when libcrypto fails. */
int record_key(const void *volume_key, size_t size, uint8_t ret[static RECORD_KEY_SIZE]);

/* The token's text, freed by the caller; NULL when it can't be made. */
char *record_token(const struct pin *p, const uint8_t key[static RECORD_KEY_SIZE]);

/* -ENOENT when the text is another kind of token, -EBADMSG when it isn't of this form,
 * -EPERM when the mac is another. */
int record_token_parse(const char *json, const uint8_t key[static RECORD_KEY_SIZE],
		       struct pin *ret);
