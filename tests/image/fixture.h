/* SPDX-License-Identifier: MIT */
/* A directory that ends with the test, and cmocka with what it needs. */
#pragma once

#include "../unit.h"

#include "base/error.h"

/* cmocka setup and teardown: *state is the path of an empty directory. */
int setup_directory(void **state);
int teardown_directory(void **state);

/* DIRECTORY/NAME; valid for the next 31 calls. */
const char *in_directory(void **state, const char *name);

/* Runs a program that must succeed; its output is freed by the caller (NULL: not wanted).
 */
void run_program(const char *const *argv, char **ret_output);

/* Fails the test with the words of the error. */
#define assert_ok(r, err)                                                                \
	do {                                                                             \
		if ((r) < 0) {                                                           \
			print_error("%s\n", (err)->message);                             \
			_fail(__FILE__, __LINE__);                                       \
		}                                                                        \
	} while (0)
