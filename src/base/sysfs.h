/* SPDX-License-Identifier: MIT */
/* Block devices as /sys/block shows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SYS_BLOCK "/sys/block"

/* The first line of a file of a block device ("vda", "device/model"), without spaces at
 * its end and odd characters; empty when there is none. */
void sysfs_line(const char *device, const char *file, char *out, size_t size);

/* Whether such a file says 1. */
bool sysfs_true(const char *device, const char *file);

/* True for disks and optical drives with something in them; false for what is made of
 * other devices or of memory. */
bool sysfs_is_disk(const char *device);

/* How a disk is connected: "USB", "NVMe", … or "". */
const char *sysfs_bus(const char *device);

/* Whether a disk isn't carried about: not removable, no USB, no SD card. */
bool sysfs_is_inner(const char *device);
