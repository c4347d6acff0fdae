/* SPDX-License-Identifier: MIT */
/* Lays the files of packages side by side, as dpkg does when it unpacks them. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"
#include "builder/package.h"

/* What `dpkg --unpack` would leave of these packages on top of `base` (a root's manifest,
 * or NULL): their files, conffiles as NAME.dpkg-new, their control files in
 * /var/lib/dpkg/info, and below the merged /usr whatever they have in /bin, /sbin and
 * /lib*. Payloads are STOREBASE/data/… and STOREBASE/control/…. `ret` is sorted and holds
 * `base` too. `err` names path and both packages when two have the same file and neither
 * says Replaces. */
int merge_packages(int store_fd, const struct packages *packages,
		   const struct manifest *base, struct manifest *ret, struct error *err);

/* Where a package's path lies in a root with merged /usr: /lib/x is /usr/lib/x. Returns
 * `path` itself or a string in *buffer, freed by the caller. */
const char *merge_alias(const char *path, char **buffer);
