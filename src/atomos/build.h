/* SPDX-License-Identifier: MIT */
/* From a configuration to store paths: decide, lock, build, keep, sign. What build and
 * image have in common. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/macro.h"
#include "atomos/place.h"

struct build_request {
	const char *configuration; /* file or directory; NULL: here */
	const char *flake;	   /* "DIRECTORY#NAME" instead; NULL: none */
	const char *keys; /* the vendor's, instead of the configuration's; NULL: those */
	bool frozen;	  /* refuse to change the lock */
	bool rebase;	  /* the lock anew (build_lock only) */
	bool boot;	  /* the boot path too: needs vendor keys */
	bool quiet;
};

struct build_result {
	struct place place;
	sd_json_variant *decisions; /* as evaluated: product, release, image, … */
	char *system;		    /* /nix/store/… */
	char *boot;		    /* the same; NULL unless asked for */
	bool built;		    /* something had to be built */
	bool is_signed;		    /* the vendor's keys were there */
};

/* Prints warnings and what changed in the lock to stderr, and progress. The closure of
 * what it returns is kept from garbage collection, and signed when there are vendor keys.
 * Released by build_result_done. */
int build_run(const struct build_request *request, struct build_result *ret,
	      struct error *err);
void build_result_done(struct build_result *b);
#define _cleanup_build_result_ _cleanup_(build_result_done)

struct lock_result {
	char *path;
	size_t packages;
	uint64_t bytes; /* of all .debs */
	bool changed;
};

/* Makes or renews the lock alone. */
int build_lock(const struct build_request *request, struct lock_result *ret,
	       struct error *err);
void lock_result_done(struct lock_result *l);
