/* SPDX-License-Identifier: MIT */
/* The kernel's command line must be the one that was signed with the boot image. */
#pragma once

#include <stddef.h>

#include "base/error.h"

#define CMDLINE_MAX 4096

/* Compares /proc/cmdline with the built-in one; white space at both ends doesn't count.
 * Any other difference is -EPERM with a sentence that names the words which were added or
 * are missing. */
int cmdline_check(const char *actual, const char *builtin, struct error *err);
