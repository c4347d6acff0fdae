/* SPDX-License-Identifier: MIT */
/* fs-verity digests: SHA-256, blocks of 4096 bytes, no salt (kernel:
 * Documentation/filesystems/ fsverity.rst, "File digest computation"). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

#define VERITY_BLOCK 4096

/* A stream for one file after the other; for one thread at a time. */
struct verity;

struct verity *verity_new(void);
void verity_free(struct verity *v);
DEFINE_FREEP(struct verity, verity_free)
#define _cleanup_verity_ _cleanup_(verity_freep)

/* verity_new and verity_final leave an empty stream behind. */
void verity_update(struct verity *v, const void *data, size_t size);
void verity_final(struct verity *v, uint8_t digest[SHA256_SIZE]);

/* The digest of one buffer. */
void verity_buffer(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);
/* The digest of what is left to read from a file. Returns 0 or a negative errno. */
int verity_fd(int fd, uint8_t digest[SHA256_SIZE]);
