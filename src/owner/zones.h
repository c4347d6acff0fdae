/* SPDX-License-Identifier: MIT */
/* Time zones and countries, from the zone.tab of tzdata. */
#pragma once

#include <stddef.h>

#include "base/error.h"

#define ZONES_FILE "/usr/share/zoneinfo/zone.tab"

struct zone {
	char country[3]; /* ISO 3166, upper case */
	char *name;	 /* Europe/Berlin */
};

/* Sorted by name; "UTC" is always the last. */
struct zones {
	struct zone *list;
	size_t count, capacity;
};

/* Reads the file; without it there is only UTC. */
void zones_load(const char *path, struct zones *ret);
void zones_done(struct zones *z);
#define _cleanup_zones_ _cleanup_(zones_done)

/* The zone that is likely for someone with this locale and keymap; never NULL. */
const char *zones_guess(const struct zones *z, const char *locale, const char *keymap);
