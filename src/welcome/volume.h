/* SPDX-License-Identifier: MIT */
/* The encrypted partition of the homes: of our one shape, opened by a key that lies in
 * the encrypted root. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define VOLUME_KEY_SIZE 64

/* Writes a new header with a new volume key to a device or file; what was there is lost.
 */
int volume_format(const char *path, const char *label, const struct secret *key,
		  struct error *err);

/* Makes /dev/mapper/NAME. */
int volume_activate(const char *path, const char *name, const struct secret *key,
		    struct error *err);

/* Where the kernel has the partition that starts at `start` bytes: "vda4", freed by the
 * caller; NULL when it has none. `block` is /sys/class/block. */
char *volume_node(const char *block, const char *disk, uint64_t start);
