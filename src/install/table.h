/* SPDX-License-Identifier: MIT */
/* Partition tables of real disks, written by sfdisk, which keeps what it isn't told to
 * change. The kernel isn't told before table_reread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/gpt.h"
#include "install/layout.h"

struct table_entry {
	const char *type, *name;
	char uuid[GUID_LENGTH + 1];
	struct region region;
};

/* A random GUID (RFC 9562 version 4, lower case). */
int guid_random(char ret[GUID_LENGTH + 1], struct error *err);

/* A new table with these partitions in place of whatever was there; the signatures of
 * other tables and of file systems over the whole disk (ISO 9660) are wiped. A power cut
 * leaves the old table or the new one. */
int table_replace(const char *disk, const struct table_entry *entries, size_t count,
		  struct error *err);
/* Adds partitions to the table that is there, in one step. */
int table_append(const char *disk, const struct table_entry *entries, size_t count,
		 struct error *err);
/* Another type for the partition with this GUID. */
int table_set_type(const char *disk, const char *uuid, const char *type,
		   struct error *err);
/* The number of the partition with this GUID, or -ENOENT. */
int table_number(const char *disk, const char *uuid, struct error *err);

/* Has the kernel read the table again. false when it can't, because something on the disk
 * is in use: then it does at the next boot. */
bool table_reread(const char *disk);
