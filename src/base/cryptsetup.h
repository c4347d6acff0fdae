/* SPDX-License-Identifier: MIT */
/* What every user of libcryptsetup needs. */
#pragma once

#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static inline void crypt_freep(struct crypt_device **cd)
{
	crypt_free(*cd);
}

/* For crypt_set_log_callback with a struct error: keeps the library's last error for a
 * sentence of ours, instead of the terminal; without a full stop, which is ours too. */
static inline void crypt_keep_message(int level, const char *message, void *error)
{
	struct error *said = error;
	size_t n;

	if (level != CRYPT_LOG_ERROR)
		return;
	snprintf(said->message, sizeof(said->message), "%s", message);
	n = strcspn(said->message, "\n");
	said->message[n > 0 && said->message[n - 1] == '.' ? n - 1 : n] = 0;
}
