/* SPDX-License-Identifier: MIT */
/* A small secret in a file that opens with a password: scrypt and AES-256-GCM. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define SEAL_MAGIC "AtomSeal"
#define SEAL_MAGIC_SIZE 8
#define SEAL_SALT 16
#define SEAL_NONCE 12
#define SEAL_TAG 16
/* magic, log2 of scrypt's N, salt, nonce, then the cipher text and its tag */
#define SEAL_HEADER (SEAL_MAGIC_SIZE + 1 + SEAL_SALT + SEAL_NONCE)
/* 64 MiB and about a quarter of a second. */
#define SEAL_WORK 16
#define SEAL_WORK_MIN 4

/* Returns the sealed bytes (SEAL_HEADER + plain->size + SEAL_TAG), freed by the caller.
 */
int seal(const struct secret *plain, const struct secret *password, uint8_t work,
	 uint8_t **ret, size_t *ret_size, struct error *err);

/* -EKEYREJECTED (no words) for a wrong password, -EBADMSG for another kind of file. */
int seal_decode(const uint8_t *data, size_t size, const struct secret *password,
		struct secret *ret);
