/* SPDX-License-Identifier: MIT */
/* The file system of an installation: made, filled, read back. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "install/source.h"

struct fill {
	const struct source *source;
	const char *device;    /* is overwritten */
	const char *directory; /* made here, mounted on; free for use */
	const char *const *nix_environment;
	void (*progress)(void *context, uint64_t done, uint64_t total, const char *what);
	void *progress_context;
};

/* Makes a btrfs with the subvolumes nix and state, copies every verified path into it,
 * describes them in a fresh Nix database, and reads all of it back from the device. The
 * mounts are the caller's namespace's and are gone on return. *ret_bytes: of store paths.
 */
int fill_run(const struct fill *f, uint64_t *ret_bytes, struct error *err);
