/* SPDX-License-Identifier: MIT */
/* Sums for packages that bring none: dpkg makes them when it unpacks. */
#pragma once

#include "base/error.h"
#include "builder/package.h"

/* The text of a package's .md5sums file, from its files in the store, without conffiles;
 * freed by the caller. */
int md5sums_text(int store_fd, const struct package *p, char **ret, struct error *err);
