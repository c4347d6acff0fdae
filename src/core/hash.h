/* SPDX-License-Identifier: MIT */
/* SHA-256 as a stream, on libcrypto. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

#define SHA256_SIZE 32

/* A stream that can be used again and again; for one thread at a time. */
struct sha256;

/* Never NULL: ends the program when libcrypto has no SHA-256. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
DEFINE_FREEP(struct sha256, sha256_free)
#define _cleanup_sha256_ _cleanup_(sha256_freep)

/* sha256_new and sha256_final leave an empty stream behind. */
void sha256_update(struct sha256 *h, const void *data, size_t size);
void sha256_final(struct sha256 *h, uint8_t digest[SHA256_SIZE]);

/* The digest of one buffer. */
void sha256_buffer(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);
