/* SPDX-License-Identifier: MIT */
/* Which disk an installation without a question takes: decided from the list alone. */
#pragma once

#include "base/error.h"
#include "owner/config.h"
#include "welcome/targets.h"

/* The disk that the rule names, by its number or (`node`, "vdb", NULL: by no path) by its
 * name; without either the space behind a medium that was written to an inner disk, else
 * the only empty inner disk. What isn't empty only when the rule allows it. *ret: an
 * index into the list. Fails with a sentence when there is no such disk, or more than
 * one. */
int unattended_choose(const struct unattended *u, const char *node,
		      const struct targets *t, size_t *ret, struct error *err);
