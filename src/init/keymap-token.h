/* SPDX-License-Identifier: MIT */
/* The LUKS2 token that says which keyboard the password prompt is for. */
#pragma once

#include <libcryptsetup.h>

/* The keymap that the first token of type "atomos-keymap" of a loaded header names, freed
 * by the caller; NULL when it has none. The name comes from the disk: keymap_allowed()
 * decides about it. */
char *keymap_token_find(struct crypt_device *device);

/* The same from the text of one such token. */
char *keymap_token_decode(const char *json);
