/* SPDX-License-Identifier: MIT */
/* Which system the disk wants to start. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "core/store.h"

/* The store basename in the target of a profile link: "/nix/store/BASE" and nothing more;
 * NULL otherwise. */
const char *profile_target(const char *target);

/* True for the name of a generation's link: "system-N-link". */
bool generation_link_valid(const char *name);

/* Follows var/nix/profiles/system below `nix` (a directory) to the system's basename. */
int current_system(const char *nix, char ret[static STORE_BASE_MAX + 1],
		   struct error *err);
