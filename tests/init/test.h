/* SPDX-License-Identifier: MIT */
/* What every unit test of atomos-init includes. */
#pragma once

#include "../unit.h"

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
