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
 * sentence of ours, instead of the terminal. */
static inline void crypt_keep_message(int level, const char *message, void *error)
{
	struct error *said = error;

	if (level != CRYPT_LOG_ERROR)
		return;
	snprintf(said->message, sizeof(said->message), "%s", message);
	said->message[strcspn(said->message, "\n")] = 0;
}
