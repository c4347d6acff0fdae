/* SPDX-License-Identifier: MIT */
/* The copies of the headers of all homes (owner/home-header.h). */
#pragma once

#include "base/error.h"

/* Of several things that are done whatever becomes of the others: the first failure,
 * whose error goes to `err` (or nowhere: NULL); those behind it are only said. `failed`
 * is what it returned before, 0 in the beginning; `r` and `e` are of the next. */
int first_failure(int failed, int r, const struct error *e, struct error *err);

/* Puts back what a cut took from the homes that aren't open, and says whose. One that
 * can't be mended costs no other one its own; the first failure is returned. */
int homes_restore(struct error *err);

/* Copies for the next change, of whichever tool, likewise. */
int homes_keep(struct error *err);
