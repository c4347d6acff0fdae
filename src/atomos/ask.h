/* SPDX-License-Identifier: MIT */
/* Questions on the terminal; passwords aren't shown. */
#pragma once

#include "base/error.h"
#include "base/secret.h"

/* Asks on /dev/tty, or on standard input where there is none. */
int ask_secret(const char *prompt, struct secret *ret, struct error *err);
int ask_line(const char *prompt, struct secret *ret, struct error *err);

/* A new password, twice, with what libpwquality thinks of it. The generic password (or
 * NULL) isn't taken. */
int ask_new_password(const char *user, const struct secret *generic, struct secret *ret,
		     struct error *err);
