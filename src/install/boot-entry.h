/* SPDX-License-Identifier: MIT */
/* The firmware's list of what it can start (UEFI variables Boot0000 to BootFFFF), and our
 * place in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/gpt.h"

#define BOOT_ENTRY_LABEL "AtomOS"
#define BOOT_ENTRY_LOADER "\\EFI\\BOOT\\BOOTX64.EFI"
#define BOOT_ENTRY_TEXT_MAX 128

struct boot_entry {
	char label[BOOT_ENTRY_TEXT_MAX];
	char loader[BOOT_ENTRY_TEXT_MAX]; /* a path in the partition; "" none */
	char partition[GUID_LENGTH + 1];  /* lower case; "" none, or not of a GPT */
};

/* Reads a file of efivarfs: the variable's attributes, then an EFI_LOAD_OPTION (UEFI
 * 2.10, 3.1.3). Letters beyond ASCII become '?'. -EBADMSG when it isn't one. */
int boot_entry_parse(const uint8_t *data, size_t size, struct boot_entry *ret);

/* The numbers ("0003") of the entries below `efivars` that are ours and start from a
 * partition of this table; a sorted list, freed by the caller (NULL: none). */
char **boot_entries_of(const char *efivars, const struct gpt *gpt);

/* Takes the entries out of the list that led to these partitions, which are no more. What
 * the firmware doesn't let go is logged. */
void boot_entries_remove(const struct gpt *gpt);

/* Puts the loader of the ESP with this partition GUID first in the firmware's boot order.
 * false where there is no such list or it can't be written. */
bool boot_entry_add(const char *disk, const char *esp);
