/* SPDX-License-Identifier: MIT */
/* Building with Nix, told step by step. */
#pragma once

#include "atomos/nix-log.h"
#include "atomos/progress.h"

#include "base/error.h"

struct nix_build {
	const char *expression;
	const char *const *attributes; /* what of it is built; NULL-terminated */
	const char *log_file;	       /* gets every line of every builder */
	struct progress *progress;
};

/* Builds; *log (empty before) holds what was said, also on failure, when `err` is one
 * sentence that names the derivation and the log file. */
int nix_build(const struct nix_build *b, struct nix_log *log, struct error *err);
