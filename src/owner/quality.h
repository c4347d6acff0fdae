/* SPDX-License-Identifier: MIT */
/* How good a password is, in libpwquality's opinion. */
#pragma once

#include <stdbool.h>

#include "base/secret.h"

#define QUALITY_WORDS_MAX 256

/* Returns 30 to 100, or negative when it is too weak to recommend; `words` (of
 * QUALITY_WORDS_MAX) gets what it is, or what is wrong with it, in a few words for
 * people. `user` may be NULL. */
int quality_judge(const struct secret *password, const char *user, char *words);

/* Whether it is the generic password, which opens every medium and every disk without
 * owner (NULL or empty: there is none). Nobody may have it for an account or a disk: what
 * it opens has no owner. */
bool quality_is_public(const struct secret *password, const struct secret *generic);
/* The sentence for that, without a full stop. */
#define QUALITY_PUBLIC                                                                   \
	"That is the password that the medium came with, which everybody knows: choose " \
	"another"
