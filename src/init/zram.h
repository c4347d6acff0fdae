/* SPDX-License-Identifier: MIT */
/* Swap in compressed memory, set up before the root is copied. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "init/modules.h"

struct zram {
	uint64_t size; /* bytes, before compression */
	const char *algorithm;
};

/* The first page of a swap area (mkswap's format, version 1). `page` has 4096 bytes. */
void swap_header(uint8_t page[static 4096], uint64_t size);

/* Makes /dev/zram0 a swap area of this size. 0 when it is in use already. */
int zram_start(const struct zram *z, struct modules *m, struct error *err);
