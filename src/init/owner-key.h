/* SPDX-License-Identifier: MIT */
/* The key with which a machine signs its own systems: made at its first own start. */
#pragma once

#include "base/error.h"
#include "core/signature.h"

#define OWNER_DIR "/run/atomos/owner"

/* Makes a pair in `directory`: secret-key (0600) and public-key, in Nix's form. In `hash`
 * the SHA-256 of the public key's bytes. */
int owner_key_make(const char *directory, uint8_t hash[static 32], struct error *err);
