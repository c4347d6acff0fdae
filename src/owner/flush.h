/* SPDX-License-Identifier: MIT */
/* What lies on an owner's disk, until a cut doesn't take it away. */
#pragma once

#include "base/error.h"

/* Waits until all that was written to the state and to the homes is on the disk: records
 * of accounts, sealed keys, headers of homes. Fails with a sentence that names the file
 * system. */
int disk_flush(struct error *err);
