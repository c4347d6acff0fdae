/* SPDX-License-Identifier: MIT */
/* A recovery key as a file. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/secret.h"

/* Writes the key as a line to a new file that only its owner reads, file and name durable
 * on return. *ret_memory: it lies in memory, and goes when the machine does. Fails with a
 * sentence, also when there is a file of that name; none is left then that is ours. */
int recovery_file_write(const char *path, const struct secret *key, bool *ret_memory,
			struct error *err);
