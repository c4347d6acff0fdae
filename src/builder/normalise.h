/* SPDX-License-Identifier: MIT */
/* Takes out of a configured root what differs from build to build or from machine to
 * machine and is made again when it is needed. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* The machine identity that a script made, before it is taken out: 32 digits or "". */
#define MACHINE_ID_SIZE 33

/* Applies the rules; `epoch` is the time for what holds times. ret_machine_id has room
 * for MACHINE_ID_SIZE. */
int normalise_root(int root_fd, int64_t epoch, char *ret_machine_id, struct error *err);
