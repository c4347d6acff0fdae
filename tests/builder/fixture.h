/* SPDX-License-Identifier: MIT */
/* What the builder's tests share: temporary directories, small packages. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "../unit.h"

/* Fails the test with the words of err when r is negative. */
#define assert_ok(r)                                                                     \
	do {                                                                             \
		if ((r) < 0)                                                             \
			fail_msg("%s: %s", #r, err.message);                             \
	} while (0)

/* Fails unless the failure's words hold this text. */
#define assert_words(text)                                                               \
	do {                                                                             \
		if (!strstr(err.message, text))                                          \
			fail_msg("\"%s\" has no \"%s\"", err.message, text);             \
	} while (0)

/* A new directory; returns its descriptor. temporary_done removes it. */
int temporary(char **ret_path);
void temporary_done(int fd, char *path);

/* Writes a file, making directories. */
void put(int dirfd, const char *path, const char *text);
/* The content of a file; freed by the caller. */
char *get(int dirfd, const char *path);

/* A package path in the directory: control stanza, a manifest text and files by pairs of
 * path and content, NULL at the end. */
void put_package(int store, const char *base, const char *control, const char *manifest,
		 const char *const *files);

/* A manifest line of a file with these bytes. */
char *file_line(const char *path, const char *mode, const char *payload,
		const char *content);
