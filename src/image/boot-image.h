/* SPDX-License-Identifier: MIT */
/* The boot image as a store path: what an ESP holds, so that whoever makes another ESP
 * from it (an installation, an update) verifies it by its signature like any path. */
#pragma once

#include "base/error.h"
#include "image/uki.h"

#define BOOT_IMAGE_NAME "atomos-boot-image"
#define BOOT_IMAGE_UKI "uki.efi"
#define BOOT_IMAGE_LOADER "loader.efi"
#define BOOT_IMAGE_CONF "loader.conf"

/* Makes these files, signed with the vendor's keys, in the empty `directory`. Not
 * reproducible: Secure Boot signatures hold a date. */
int boot_image_make(const struct uki_options *o, const char *directory,
		    struct error *err);
