/* SPDX-License-Identifier: MIT */
/* The parts of header.c and header-slots.c that they share. */
#pragma once

#include <libcryptsetup.h>

#include "owner/header.h"

struct header {
	struct crypt_device *device;
	struct error said; /* the library's last words */
};

/* Calls `found` with each token's number, type and text; stops at a non-zero return and
 * gives it back. */
int header_tokens(struct header *h,
		  int (*found)(struct header *h, int token, const char *type,
			       const char *json, void *context),
		  void *context);

/* As fail(), with the library's own words when it had some. */
int header_fail(struct header *h, struct error *err, int code, const char *what);
