/* SPDX-License-Identifier: MIT */
/* Between the look at a disk and the first byte somebody may have plugged in another one
 * under the same name, or made a partition where there was none. */
#pragma once

#include "install/install.h"

/* Whether this open disk, which nobody else changes any more, is the one that the options
 * were decided for, with the same space free. -ESTALE with a sentence when it isn't. */
int disk_unchanged(int fd, const struct install_options *o, struct error *err);
