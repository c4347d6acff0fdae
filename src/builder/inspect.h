/* SPDX-License-Identifier: MIT */
/* Finds what must never be in a store path: private keys and machine identities. */
#pragma once

#include <stddef.h>

/* What a file of the delta holds that must not be there, in words ("a private key"), or
 * NULL. `machine_id` is the identity that scripts made in this build, or "". */
const char *inspect_content(const char *path, const void *data, size_t size,
			    const char *machine_id);
