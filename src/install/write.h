/* SPDX-License-Identifier: MIT */
/* Bytes of a file onto a disk. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* Writes the first `size` bytes of the file to `offset` of `disk`: of the first `all`
 * bytes all, of the rest what isn't a hole. The caller calls fsync. */
int write_region(int disk, uint64_t offset, const char *path, uint64_t size, uint64_t all,
		 struct error *err);
