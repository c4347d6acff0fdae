/* SPDX-License-Identifier: MIT */
/* The EFI system partition of an installation. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "install/source.h"

struct boot_files {
	const struct source *source;
	const char *directory; /* in memory, for the verified files */
	const char *esp;       /* the file system to make */
	const char *seed;      /* its volume number comes from */
	uint64_t size;
	const char *disk; /* its sectors are those of this device */
	uint64_t release;
};

/* Verifies the boot image while it is copied, and makes a FAT file system of it. */
int boot_files_make(const struct boot_files *b, struct error *err);
