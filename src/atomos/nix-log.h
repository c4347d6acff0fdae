/* SPDX-License-Identifier: MIT */
/* What Nix says while it builds (--log-format internal-json: one "@nix {…}" a line),
 * reduced to what a person wants to know. Pure: lines in, state out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* One line of Nix's log; longer ones are cut by who reads them. */
#define NIX_LOG_LINE_MAX (64U << 10)

struct nix_activity;

struct nix_log {
	uint64_t done, expected; /* derivations */
	char *current;		 /* name of the derivation started last, "" at first */
	char *failed;		 /* name of the derivation that failed; NULL: none */
	char *failed_line;	 /* its last log line that says something; may be NULL */
	char *error;		 /* Nix's first error as one sentence; NULL: none */
	char **ids;		 /* "user NAME …" and "group NAME …" the lock must take */
	char *line;		 /* the builder's log line of this call, or NULL */
	const char *line_of;	 /* name of the derivation that `line` is of */
	struct nix_activity *activities;
	size_t count, capacity;
	uint64_t builds; /* number of the activity that counts */
};

/* Takes one line, without its end. What isn't Nix's JSON is taken as an error text. */
void nix_log_take(struct nix_log *l, const char *line);

/* One sentence about why the build failed; freed by the caller. */
char *nix_log_failure(const struct nix_log *l);

void nix_log_done(struct nix_log *l);
#define _cleanup_nix_log_ _cleanup_(nix_log_done)
