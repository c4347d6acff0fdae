/* SPDX-License-Identifier: MIT */
/* The store's directory and the form of names in it (Nix: src/libstore/path.cc). */
#pragma once

#include <stdbool.h>

#define STORE_DIR "/nix/store"
#define STORE_HASH_LENGTH 32
#define STORE_NAME_MAX 211 /* Nix's own limit for the part behind "HASH-" */
#define STORE_BASE_MAX (STORE_HASH_LENGTH + 1 + STORE_NAME_MAX)

/* True when `base` is "HASH-NAME" with the characters that Nix allows. */
bool store_base_valid(const char *base);
