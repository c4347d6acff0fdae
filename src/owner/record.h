/* SPDX-License-Identifier: MIT */
/* Notes which password of an account the disk's slot was made with, so that one changed
 * by another tool is noticed. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

#define RECORD_DIR "/var/lib/atomos/slots"

/* Writes `digest` (account_password_digest) for the user below `directory`. */
int record_write(const char *directory, const char *user, const char *digest,
		 struct error *err);

/* Forgets it, when there is one. */
void record_remove(const char *directory, const char *user);

/* True when the user's password is another than when the record was written: `digest` is
 * today's. False without a record. */
bool record_differs(const char *directory, const char *user, const char *digest);
