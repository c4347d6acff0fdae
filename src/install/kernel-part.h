/* SPDX-License-Identifier: MIT */
/* A part of a disk that the kernel shows as a partition though no table has it: while
 * another partition of the disk is in use nobody may claim the whole disk. */
#pragma once

#include "base/error.h"
#include "install/layout.h"

/* Adds it, in place of one that an interrupted installation left; *ret_path is its device
 * ("/dev/vda199", "/dev/nvme0n1p199"), freed by the caller. */
int kernel_part_add(const char *disk, const struct region *region, char **ret_path,
		    struct error *err);
/* Takes it away again; nothing to do when there is none. */
void kernel_part_drop(const char *disk);
