/* SPDX-License-Identifier: MIT */
/* Makes a root in RAM out of a verified closure, verifying while it copies. */
#pragma once

#include <stddef.h>

#include "core/engine.h"

/* Limits of what a system's own path may hold, all of which is read into memory. */
#define SYSTEM_JSON_MAX (1U << 20)
#define SYSTEM_PATH_MAX (768U << 20)

/* A system whose own path (manifest, system.json, files) was verified and read. */
struct load;

/* Verifies the system's path, closure->paths[0], and reads it into memory. Engine and
 * closure must outlive the result; engine.manifest is ignored. Freed by load_free. */
int load_open(const struct engine *e, const struct trusted_closure *closure,
	      struct load **ret, struct error *err);
void load_free(struct load *l);
DEFINE_FREEP(struct load, load_free)
#define _cleanup_load_ _cleanup_(load_freep)

/* The verified text of system.json, with a NUL behind it; owned by `l`. */
const char *load_system_json(const struct load *l, size_t *ret_size);
/* The verified manifest; owned by `l`. */
const struct manifest *load_manifest(const struct load *l);

/* Fills the empty directory `target` (a tmpfs) with the root that the manifest describes
 * while verifying every path of the closure. Needs root: owners, setuid bits,
 * capabilities. On failure `target` holds unverified files and must be thrown away. The
 * result counts the system path too. Once per load_open. */
int load_run(struct load *l, int target, struct engine_result *ret, struct error *err);
