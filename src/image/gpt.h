/* SPDX-License-Identifier: MIT */
/* Partition tables of images: written by sfdisk, read through libblkid. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define GPT_ESP "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define GPT_BIOS_BOOT "21686148-6449-6e6f-744e-656564454649"
/* A root that opens with the medium's generic password, and one that an owner has. */
#define GPT_MEDIUM_ROOT "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d6d64"
#define GPT_INSTALLED_ROOT "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d726f"

/* The root of an installation that was interrupted. */
#define GPT_UNFINISHED_ROOT "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d756e"
/* Of our own type, so that no one else opens or mounts it. */
#define GPT_HOME "2c1f8a5e-6d0b-4e0b-9b0e-61746f6d686f"

#define GPT_ALIGN (1U << 20)
#define GPT_SECTOR 512
#define GPT_NAME_MAX 36
#define GUID_LENGTH 36

struct gpt_partition {
	char type[GUID_LENGTH + 1]; /* lower case */
	char uuid[GUID_LENGTH + 1];
	char name[GPT_NAME_MAX + 1];
	uint64_t start, size; /* bytes */
};

#define GPT_PARTITIONS_MAX 128

struct gpt {
	char uuid[GUID_LENGTH + 1];
	uint64_t size; /* bytes of the whole disk */
	size_t count;
	struct gpt_partition partitions[GPT_PARTITIONS_MAX];
};

/* A GUID (RFC 9562 version 8, lower case) that depends on nothing but the two texts. */
void guid_derive(const char *seed, const char *purpose, char ret[GUID_LENGTH + 1]);

/* Adds a partition behind the last one, aligned to GPT_ALIGN; `size` is rounded up to it.
 * Its UUID is derived from that of the disk. Grows gpt->size to hold it and the backup
 * table. */
struct gpt_partition *gpt_add(struct gpt *gpt, const char *type, const char *name,
			      uint64_t size);

/* Makes the file as large as gpt->size and writes both tables into it. */
int gpt_write(const struct gpt *gpt, const char *path, struct error *err);

/* Reads the table of a file or device. -EMEDIUMTYPE when there is no valid one, -E2BIG
 * when it has more partitions than we read; *ret is empty then. */
int gpt_read(int fd, struct gpt *ret, struct error *err);

/* The first partition of this type, or NULL. */
const struct gpt_partition *gpt_find(const struct gpt *gpt, const char *type);
