/* SPDX-License-Identifier: MIT */
/* Notes which password of an account the disk's slot was made with, and which slot that
 * is, so that what another tool changed is noticed. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define RECORD_DIR "/var/lib/atomos/slots"

/* Writes `digest` (account_password_digest) and the slot's salt for the user below
 * `directory`. */
int record_write(const char *directory, const char *user, const char *digest,
		 const char *salt, struct error *err);

/* Forgets it, when there is one. */
void record_remove(const char *directory, const char *user);

/* True when the user's password is another than when the record was written, or none of
 * their slots is the one from then: `digest` (NULL: not known) and `salts` are today's.
 * False without a record; older ones have no salt and tell nothing of the slot. */
bool record_differs(const char *directory, const char *user, const char *digest,
		    char *const *salts);
