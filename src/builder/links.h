/* SPDX-License-Identifier: MIT */
/* Link counts of a manifest. */
#pragma once

#include "core/manifest.h"

/* Sets nlink of every entry of a sorted root manifest: names of a file, and for a
 * directory 2 and its directories, as file systems count. */
void links_count(struct manifest *m);
