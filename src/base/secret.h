/* SPDX-License-Identifier: MIT */
/* Passwords and keys: locked in memory, wiped when done. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

#define SECRET_MAX 4096

/* Bytes that never reach swap and are wiped by secret_free. `data` has room for
 * SECRET_MAX and is always followed by a NUL. */
struct secret {
	size_t size;
	char data[SECRET_MAX + 1];
};

/* Never fails: where locking isn't allowed the memory is still wiped, and kept out of
 * dumps. */
struct secret *secret_new(void);
void secret_free(struct secret *s);
DEFINE_FREEP(struct secret, secret_free)
#define _cleanup_secret_ _cleanup_(secret_freep)

/* One with the bytes of a text, which isn't longer than a secret. */
struct secret *secret_of(const char *text);

/* Whether both have the same bytes. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Reads a line without its end; what is too long is cut. `hidden`: not shown where `fd`
 * is a terminal. -EPIPE when there is no more, other negative errno on failure. */
int secret_read_line(int fd, bool hidden, struct secret *ret);

/* A file without a name that only we, and what we start, can open, with these bytes: for
 * children, in which a secret is empty. A descriptor, or negative errno. */
int secret_file(const struct secret *s);

/* Reads it back from such a file. */
int secret_read_file(int fd, struct secret *ret);

/* Reads the file of this name, opened with these flags too. -EFBIG when it is longer than
 * a secret, other negative errno on failure. */
int secret_load(const char *path, int flags, struct secret *ret);

/* Overwrites memory in a way that the compiler keeps. */
void wipe(void *p, size_t size);
