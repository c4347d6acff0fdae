/* SPDX-License-Identifier: MIT */
/* How good a password is, in libpwquality's opinion. */
#pragma once

#include <stdbool.h>

#include "base/secret.h"

#define QUALITY_WORDS_MAX 256

/* Returns 0 to 100, or negative when it is too weak to recommend; `words` (of
 * QUALITY_WORDS_MAX) gets a short sentence for people. `user` may be NULL. */
int quality_judge(const struct secret *password, const char *user, char *words);
