/* SPDX-License-Identifier: MIT */
/* Whether the root fits into this machine's memory. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* What systemd and the services need beside the root, at the least. */
#define MEMORY_WORKING (96ULL << 20)

struct memory {
	uint64_t total;	    /* bytes */
	uint64_t available; /* MemAvailable: with what the page cache could give */
	uint64_t zram;	    /* size of the compressed swap, uncompressed bytes */
};

/* Parses /proc/meminfo (MemTotal, MemAvailable); `zram` isn't touched. */
int memory_parse(const char *meminfo, struct memory *ret);

/* -ENOMEM with a sentence that says how much is needed and how much there is, when a root
 * of `root_bytes` doesn't fit. Compressed swap counts half: that is what programs shrink
 * to. */
int memory_check(const struct memory *m, uint64_t root_bytes, struct error *err);
