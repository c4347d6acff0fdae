/* SPDX-License-Identifier: MIT */
/* What the bus daemon keeps of messages that have passed. */
#pragma once

#include "base/error.h"

/* Has the system's bus daemon give back the few messages that it keeps for reuse, with
 * all that was in them: passwords on their way to homed. They are wiped when the daemon
 * runs with a C library that wipes (nix/modules/accounts.nix). */
int bus_forget(struct error *err);
