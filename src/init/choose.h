/* SPDX-License-Identifier: MIT */
/* Which partition holds the system: a decision over what was found, without looking. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Partition types of AtomOS. */
#define TYPE_MEDIUM "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d6d64"
#define TYPE_INSTALLED "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d726f"
/* An installation that didn't come to its end. */
#define TYPE_UNFINISHED "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d756e"
#define TYPE_HOME "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d686f"

#define PARTITIONS_MAX 64

struct partition {
	char node[64];	/* in /dev */
	char disk[64];	/* in /dev */
	char model[64]; /* of the disk, for people */
	unsigned number;
	uint64_t size; /* bytes */
	bool medium, unfinished;
	bool beside_loader; /* on a disk that has the partition the loader came from */
};

struct partitions {
	struct partition list[PARTITIONS_MAX];
	size_t count;
	bool loader_found; /* the loader's partition was seen on some disk */
};

enum choice {
	CHOICE_NONE,  /* nothing yet */
	CHOICE_FIRST, /* there is exactly one; it was moved to the front */
	CHOICE_ASK,   /* several: those that come into question were moved to the front */
};

/* `loader_known`: the firmware says from which partition the loader came; then only disks
 * with that partition count, until `late` (the wait is over), when any will do. An
 * installed system goes before a medium of the same disk, and an unfinished one comes
 * into question only where there is nothing else. *ret_count is the number of those in
 * question. */
enum choice partitions_choose(struct partitions *p, bool loader_known, bool late,
			      size_t *ret_count);

/* Compares two GUIDs as text, in any case. */
bool guid_equal(const char *a, const char *b);

/* Decodes the value of the EFI variable LoaderDevicePartUUID (4 bytes of attributes,
 * UTF-16) into a lower-case GUID of 36 characters. -EBADMSG when it isn't one. */
int loader_partition_decode(const uint8_t *data, size_t size, char ret[static 37]);
