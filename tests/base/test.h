/* SPDX-License-Identifier: MIT */
/* cmocka, and a short end of a file. */
#pragma once

#include "../unit.h"

/* The only test of a file runs its list. */
#define RUN_TESTS(...)                                                                   \
	int main(void)                                                                   \
	{                                                                                \
		const struct CMUnitTest tests[] = {__VA_ARGS__};                         \
		return cmocka_run_group_tests(tests, NULL, NULL);                        \
	}
