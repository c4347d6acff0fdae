/* SPDX-License-Identifier: MIT */
/* cmocka beside error.h: both have a fail(). */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail
#undef fail_msg

/* The only test of a file runs its list. */
#define RUN_TESTS(...)                                                                   \
	int main(void)                                                                   \
	{                                                                                \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                         \
		return cmocka_run_group_tests(tests, NULL, NULL);                        \
	}
