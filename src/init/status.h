/* SPDX-License-Identifier: MIT */
/* What is kept of the boot for `atomos status`. */
#pragma once

/* Adds a line to /run/atomos/failures and the kernel's log. */
void status_add_failure(const char *step, const char *reason);
