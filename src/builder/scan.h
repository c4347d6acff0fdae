/* SPDX-License-Identifier: MIT */
/* Walks a configured root and writes down what it has become: manifest and delta. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"
#include "builder/ids.h"
#include "builder/origin.h"
#include "builder/sandbox.h"

struct scanning {
	int root_fd;
	int store_fd;
	int out_fd;	      /* gets delta/PATH */
	const char *out_base; /* its store basename, for payloads */
	int64_t epoch;	      /* time of everything that isn't a package's file */
	int64_t started;      /* when the build began: newer files were made by it */
	const struct manifest *placed;
	const struct origins *origins;
	const struct ids *ids;
	const struct sandbox *sandbox; /* who wrote a file; may be NULL */
	const char *machine_id;	       /* must not occur; may be "" */
};

/* Fills `ret` with the root's manifest. A file whose bytes are those of a placed one,
 * under whatever name, takes its payload; the others go to the delta. Fails, naming path
 * and where it can the package, when a private key, a machine identity or a number that
 * nobody has is found. */
int scan_root(const struct scanning *s, struct manifest *ret, struct error *err);
