/* SPDX-License-Identifier: MIT */
/* AES-256-XTS as dm-crypt does it for the one LUKS2 shape we make: sectors of 4096 bytes,
 * IV plain64 counting 512-byte sectors (kernel: Documentation/admin-guide/device-mapper/
 * dm-crypt.rst, without iv_large_sectors). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define XTS_SECTOR 4096
#define XTS_KEY_SIZE 64

enum xts_direction {
	XTS_DECRYPT = 0,
	XTS_ENCRYPT = 1,
};

/* Encrypts or decrypts `size` bytes (a multiple of XTS_SECTOR) in place. `offset` is
 * their place in the encrypted area, in bytes, a multiple of XTS_SECTOR. */
int xts_crypt(enum xts_direction direction, const uint8_t key[XTS_KEY_SIZE],
	      uint64_t offset, void *data, size_t size);

struct xts_copy {
	enum xts_direction direction;
	const uint8_t *key; /* XTS_KEY_SIZE bytes */
	int in, out;
	off_t in_offset, out_offset; /* where the area starts in each file */
	uint64_t size;		     /* a multiple of XTS_SECTOR */
};

/* Copies an area from file to file through the cipher, on all processors. Holes of the
 * input stay holes (they read as noise once decrypted, as unwritten sectors of a disk
 * do). */
int xts_copy(const struct xts_copy *c, struct error *err);
