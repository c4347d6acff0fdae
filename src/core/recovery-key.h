/* SPDX-License-Identifier: MIT */
/* Recovery keys in the form of systemd-cryptenroll(1): 256 random bits as 8 groups of 8
 * modhex letters, which lie in the same place on most keyboards, joined by dashes. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"

#define RECOVERY_GROUPS 8
#define RECOVERY_GROUP_LETTERS 8
#define RECOVERY_LENGTH (RECOVERY_GROUPS * (RECOVERY_GROUP_LETTERS + 1) - 1)

/* A new key; the caller's. */
int recovery_key_make(struct secret **ret, struct error *err);

/* Brings what was typed into the one form that opens the disk: upper case, spaces, and
 * missing or odd dashes are forgiven. -EINVAL (no words) when it can't be such a key. */
int recovery_key_normalise(struct secret *typed);

/* True when `typed` is this group of the key, however it is written. */
bool recovery_key_group_is(const struct secret *key, unsigned group,
			   const struct secret *typed);
