/* SPDX-License-Identifier: MIT */
/* The words of a failure, owned by the caller and passed as the last parameter. */
#pragma once

#include <stdarg.h>

#include "macro.h"

/* Long enough for two paths and a sentence; longer text is cut, never overrun. */
#define ERROR_MESSAGE_MAX 2048

struct error {
	int code; /* negative errno, 0 when nothing failed */
	char message[ERROR_MESSAGE_MAX];
};

/* Sets `err` (may be NULL) to a sentence without a final full stop and returns `code`,
 * a negative errno. Called once, where the names are known. */
_printf_(3, 4) int fail(struct error *err, int code, const char *fmt, ...);

/* Puts "context: " before the message that is already there and returns its code. */
_printf_(2, 3) int wrap(struct error *err, const char *fmt, ...);
