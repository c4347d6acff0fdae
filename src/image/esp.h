/* SPDX-License-Identifier: MIT */
/* The EFI system partition: FAT32, made with mkfs.vfat and mtools. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct esp_file {
	const char *path;   /* "EFI/BOOT/BOOTX64.EFI" */
	const char *source; /* file on this machine */
};

struct esp_options {
	const struct esp_file *files;
	size_t count;
	const char *seed;
	uint64_t epoch;	 /* seconds */
	uint64_t size;	 /* 0: what the files need and a little room to spare */
	unsigned sector; /* of the disk: 512 (or 0) or 4096 */
};

/* Makes `path` a FAT32 file system with these files. The same options give the same
 * bytes. */
int esp_make(const char *path, const struct esp_options *o, struct error *err);
