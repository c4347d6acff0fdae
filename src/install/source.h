/* SPDX-License-Identifier: MIT */
/* What is installed: the current system of the running machine's store and the boot image
 * beside it, each with a closure that trusted keys have signed. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/macro.h"
#include "core/narinfo.h"

struct source_part {
	char *path; /* /nix/store/… */
	struct closure closure;
	struct trusted_closure trusted; /* what of it is needed: points into closure */
	struct closure exact;		/* the same, as a closure; strings of `closure` */
};

struct source {
	int store;
	struct source_part system, boot_image;
};

/* Finds both below `root` ("" in the running system) and checks their signatures; hashes
 * are checked while the paths are copied. Released by source_done. */
int source_open(const char *root, const struct trusted_keys *keys, struct source *ret,
		struct error *err);
void source_done(struct source *s);
#define _cleanup_source_ _cleanup_(source_done)

/* Bytes of all files. */
uint64_t source_size(const struct source *s);
