/* SPDX-License-Identifier: MIT */
/* The words of a failure. */
#include <stdio.h>
#include <string.h>

#include "error.h"

int fail(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return code;
}

int wrap(struct error *err, const char *fmt, ...)
{
	char old[ERROR_MESSAGE_MAX];
	va_list ap;
	int n;

	if (!err)
		return -1;
	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 3 < sizeof(err->message)) {
		stpcpy(err->message + n, ": ");
		strncat(err->message, old, sizeof(err->message) - (size_t)n - 3);
	}
	return err->code;
}
