/* SPDX-License-Identifier: MIT */
/* What every unit test of atomos-init includes: cmocka, with its headers before it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* error.h has its own fail(), which cmocka's fail_msg() would call. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                    \
	do {                                                                             \
		print_error(__VA_ARGS__);                                                \
		print_error("\n");                                                       \
		_fail(__FILE__, __LINE__);                                               \
	} while (0)

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

/* The words of a failure have this in them. */
#define assert_says(err, text)                                                           \
	do {                                                                             \
		if (!strstr((err)->message, text))                                       \
			fail_msg("\"%s\" doesn't say \"%s\"", (err)->message, text);     \
	} while (0)
