/* SPDX-License-Identifier: MIT */
/* cmocka for every unit test: the headers that it wants before it, and its fail_msg()
 * beside error.h, which has a fail() of its own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail
#undef fail_msg
#define fail_msg(...)                                                                    \
	do {                                                                             \
		print_error(__VA_ARGS__);                                                \
		print_error("\n");                                                       \
		_fail(__FILE__, __LINE__);                                               \
	} while (0)
