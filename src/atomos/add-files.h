/* SPDX-License-Identifier: MIT */
/* Packages from a mirror on disk: Nix fetches in a sandbox that can't see it. */
#pragma once

#include "base/error.h"
#include "atomos/lock.h"
#include "atomos/progress.h"

/* Puts every package of this repository into the store that isn't there yet, from below
 * `directory`. -ENOENT when the mirror lacks a file, -EBADMSG when one isn't the locked
 * one. */
int add_files(const struct lock *l, const char *repository, const char *directory,
	      struct progress *progress, struct error *err);
