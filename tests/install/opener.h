/* SPDX-License-Identifier: MIT */
/* Stands in for the kernel's encryption: the program named by OPENER in the environment.
 * "OPENER open START SIZE" prints a device that is this part of the disk, in plain, and
 * "OPENER close DEVICE" takes it away again. */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define MAPPER "/dev/mapper"

/* Hides the kernel's encrypted volumes from us and ours from everybody else. */
int opener_prepare(struct error *err);
/* Opens a part of the disk as MAPPER/`name`. */
int opener_open(const char *name, uint64_t start, uint64_t size, struct error *err);
/* 0 also when it isn't open. */
int opener_close(const char *name, struct error *err);
