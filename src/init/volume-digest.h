/* SPDX-License-Identifier: MIT */
/* Which volume key a LUKS2 header is for, in 32 bytes. */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define VOLUME_DIGEST_SIZE 32

/* SHA-256 over how a header (its JSON, of our shape) tells its volume key from any other:
 * hash, iterations, salt and digest. Slots may come and go, this stays; and no other key
 * fits the same digest and salt. -EBADMSG when the header has no such digest. */
int volume_digest(const char *json, uint8_t ret[static VOLUME_DIGEST_SIZE]);
