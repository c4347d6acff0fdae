/* SPDX-License-Identifier: MIT */
/* The part of a build that concerns its lock: fresh, renewed, helped along. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "atomos/build.h"
#include "atomos/evaluate.h"
#include "atomos/lock.h"
#include "atomos/nix-log.h"
#include "atomos/progress.h"

/* A build under way. */
struct build {
	const struct build_request *request;
	struct build_result *result; /* place is filled first */
	struct progress *progress;
	struct flake flake;
	char *roots;
	char *key; /* the vendor's public key; NULL: none */
	struct evaluated evaluated;
	struct lock lock;
	bool has_lock;
	bool paths;   /* store paths are wanted, not the lock alone */
	bool renewed; /* in this run */
};

/* Reads the lock beside the configuration, if there is one. */
int build_load_lock(struct build *b, struct error *err);

/* True when a local .deb isn't the one that is locked. */
bool build_local_changed(const struct build *b);

/* Makes or renews the lock, saves it, says what changed. -EPERM with --frozen. */
int build_renew_lock(struct build *b, struct error *err);

/* After a failed build: takes the numbers that the builder asks for into the lock, or
 * renews it when a package is gone from the mirror. 0: build again; else the build's
 * failure, `err` unchanged or replaced. */
int build_help_lock(struct build *b, const struct nix_log *log, struct error *err);

/* Where each repository of the lock is, as a Nix attribute set (freed by the caller). The
 * packages of those on disk are put into the store. */
int build_mirrors(struct build *b, char **ret, struct error *err);
