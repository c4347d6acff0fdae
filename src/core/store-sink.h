/* SPDX-License-Identifier: MIT */
/* Copies verified paths into another store: the engine's sink of an installation. */
#pragma once

#include "core/engine.h"

/* Copies every path of the closure into the directory `target` while verifying it, in
 * parallel: modes 0444 and 0555, times of one second after 1970, owned by whoever runs,
 * as Nix keeps a store. A path appears under its name only when all its bytes were those
 * that were signed; nothing of others stays behind. None of the paths may be there
 * already (-EEXIST). The caller makes it durable (syncfs). engine.manifest may be NULL.
 */
int store_copy(const struct engine *e, const struct trusted_closure *closure, int target,
	       struct engine_result *ret, struct error *err);
