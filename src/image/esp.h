/* SPDX-License-Identifier: MIT */
/* The EFI system partition: FAT32, made with mkfs.vfat and mtools. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct esp_file {
	const char *path;   /* "EFI/BOOT/BOOTX64.EFI" */
	const char *source; /* file on this machine */
};

/* Makes `path` a FAT32 file system with these files and a little room to spare. The same
 * files, `seed` and `epoch` (seconds) give the same bytes. */
int esp_make(const char *path, const struct esp_file *files, size_t count,
	     const char *seed, uint64_t epoch, struct error *err);
