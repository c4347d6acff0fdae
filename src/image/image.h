/* SPDX-License-Identifier: MIT */
/* A whole image: partition table, ESP with the signed boot image, encrypted root. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "core/narinfo.h"

/* Told of each step; see atomos/progress.h. */
typedef void (*image_progress)(void *context, uint64_t done, uint64_t total,
			       const char *what);

struct image_options {
	const char *output;	       /* replaced when complete, never half-written */
	const char *system;	       /* /nix/store/… */
	const char *boot;	       /* the same */
	const char *keys;	       /* the vendor's key directory */
	const struct closure *closure; /* of the system, signed */
	/* The store path that boot_image_make's directory became, and its closure; not
	 * for image_current. */
	const char *boot_image;
	const struct closure *boot_closure;
	const struct secret *password; /* the medium's generic password */
	const char *keymap; /* of the password prompt; NULL: the kernel's, us */
	const char *const *nix_environment;
	image_progress progress; /* may be NULL */
	void *progress_context;
};

/* True when the output is already the image of these options (its disk GUID says so). */
bool image_current(const struct image_options *o);

/* Builds the image. Works in /nix/var/atomos/image, one at a time on a machine. */
int image_build(const struct image_options *o, struct error *err);
