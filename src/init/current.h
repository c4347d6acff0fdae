/* SPDX-License-Identifier: MIT */
/* Which system the disk wants to start. */
#pragma once

#include "base/error.h"
#include "core/store.h"

/* The store basename in the target of a profile link: "/nix/store/BASE" and nothing more;
 * NULL otherwise. */
const char *profile_target(const char *target);

/* N of the name of a generation's link, "system-N-link"; 0 for any other name. */
unsigned generation_of_link(const char *name);

/* Follows var/nix/profiles/system below `nix` (a directory) to the system's basename.
 * *ret_generation is its number, or 0 where the profile leads to it without one. */
int current_system(const char *nix, char ret[static STORE_BASE_MAX + 1],
		   unsigned *ret_generation, struct error *err);
