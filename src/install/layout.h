/* SPDX-License-Identifier: MIT */
/* Where the parts of a system go on a disk. */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define LAYOUT_ESP_SIZE (1ULL << 30)
#define LAYOUT_BIOS_SIZE (1ULL << 20)
/* Less is no home. */
#define LAYOUT_HOME_MIN (512ULL << 20)

/* Free space of a disk, in bytes. */
struct region {
	uint64_t start, size;
};

/* What a system needs: for its store paths, and at least for the homes of its people (0:
 * LAYOUT_HOME_MIN, which is what less counts as). */
struct layout_needs {
	uint64_t content, home;
};

/* All aligned to 1 MiB, one behind the other. The rest of the space, `home`, stays
 * without a partition: systemd-repart makes one there at the first boot. */
struct layout {
	struct region esp, bios, root, home;
};

/* The room between the two copies of the table of an empty disk of this many bytes. */
struct region layout_whole(uint64_t disk);

/* Divides a space. -ENOSPC with a sentence when it is too small. */
int layout_make(const struct region *space, const struct layout_needs *needs,
		struct layout *ret, struct error *err);

/* The least disk that has what layout_make needs. */
uint64_t layout_smallest_disk(const struct layout_needs *needs);
