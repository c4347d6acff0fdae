/* SPDX-License-Identifier: MIT */
/* Finds the partition that holds the system, on the disk the loader came from. */
#pragma once

#include "base/error.h"
#include "init/choose.h"
#include "init/console.h"

#define EFIVARS "/sys/firmware/efi/efivars"

/* Reads all partition tables once and lists AtomOS's partitions; `loader` is the GUID of
 * the loader's partition or NULL. */
void partitions_scan(const char *loader, struct partitions *ret);

/* Waits for disks (30 s, saying what for); asks when there are several. -ENODEV with a
 * sentence when there is none. */
int find_volume(struct consoles *c, struct partition *ret, struct error *err);

/* The partition for homes on this disk (a name in /dev); false when it has none. */
bool find_home(const char *disk, char ret_node[static 64]);

/* The firmware's word on Secure Boot: 1 on, 0 off, negative when there is no such word
 * (BIOS). efivarfs must be mounted. */
int secure_boot_state(void);
