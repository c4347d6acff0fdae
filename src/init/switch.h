/* SPDX-License-Identifier: MIT */
/* From the initramfs into the root that was made. */
#pragma once

#include "base/error.h"

/* Mounts what every program needs: /proc, /sys, /dev, /run. What is there already stays.
 */
void mount_first(void);

/* Moves those into `root`, frees the initramfs, and makes `root` the root of this process
 * (PID 1). Checked before anything is given up: `init` (absolute, in the root) is an
 * executable file. */
int switch_root(const char *root, const char *init, struct error *err);
