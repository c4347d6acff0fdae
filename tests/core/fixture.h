/* SPDX-License-Identifier: MIT */
/* What the tests of core share: golden data, temporary directories, small signed stores.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "../unit.h"

#include "core/narinfo.h"

/* The content of tests/data/PATH; freed by the caller. */
char *golden(const char *path, size_t *ret_size);

/* Calls `check` for each file in tests/data/FOLDER whose name ends with `suffix` ("":
 * files without a dot), with its path relative to tests/data and the content of the same
 * name with the suffix `expected` (without its final newline). At least `least` files
 * must be there. */
void each_golden(const char *folder, const char *suffix, const char *expected,
		 size_t least,
		 void (*check)(const char *path, const char *text, size_t size,
			       const char *expectation));

/* The pattern of tests/data/make-golden: bytes 0..250 again and again. */
char *pattern(size_t size);

/* A new directory on tmpfs or in TMPDIR; returns its descriptor. */
int temporary_directory(char **ret_path);
/* Removes it and frees the path. */
void temporary_done(int fd, char *path);

/* Makes what a ".tree" file describes. */
void make_tree(int dirfd, const char *top, const char *description);

/* A store in a temporary directory, its closure, and a key that signs. */
struct fixture {
	int store;
	char *path;
	struct closure closure;
	size_t capacity;
	struct trusted_keys keys; /* "test-1" and "other-1" */
	struct evp_pkey_st *secret, *other_secret;
};

void fixture_init(struct fixture *f);
void fixture_done(struct fixture *f);
/* Registers the store path `base`, which the test has made, with the hash that it has
 * now, signed by test-1; references are separated by spaces. */
void fixture_register(struct fixture *f, const char *base, const char *references);
/* A signature "NAME:BASE64" over the path's fingerprint. */
char *fixture_sign(const struct path_info *p, const char *name,
		   struct evp_pkey_st *secret);
/* Writes a file of a store path, making directories. */
void fixture_write(struct fixture *f, const char *path, const char *text, mode_t mode);
/* The entry of the closure, to be changed. */
struct path_info *fixture_info(struct fixture *f, const char *base);
