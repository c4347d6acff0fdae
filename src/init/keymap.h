/* SPDX-License-Identifier: MIT */
/* The keyboard's layout for the password prompt. */
#pragma once

#include <stdbool.h>

/* True for a name that may be handed to loadkeys: 1 to 32 letters, digits, '-', '_', '.',
 * starting with a letter or digit, and in `allowed` (NULL-terminated, may be NULL). */
bool keymap_allowed(const char *name, char *const *allowed);

/* Loads it for the screen; what goes wrong is only logged. */
void keymap_load(const char *name);
