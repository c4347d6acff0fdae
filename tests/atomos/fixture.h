/* SPDX-License-Identifier: MIT */
/* What the tests of the command line share. */
#pragma once

#include "../unit.h"

/* A file of tests/data ($ATOMOS_TEST_DATA), NUL-terminated, freed by the caller. */
char *test_data(const char *name);

/* Calls `each` with every file of a folder of tests/data; fails when there is none. */
void test_data_each(const char *folder, void (*each)(const char *name, const char *text));
