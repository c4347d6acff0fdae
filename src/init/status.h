/* SPDX-License-Identifier: MIT */
/* What is kept of the boot for `atomos status`. */
#pragma once

#include "init/boot.h"

/* Adds a line to /run/atomos/failures and the kernel's log. That of an installed disk
 * outlives the power: the next start that comes to its end tells it. */
void status_add_failure(const struct outcome *outcome);
