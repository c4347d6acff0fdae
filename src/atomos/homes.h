/* SPDX-License-Identifier: MIT */
/* The copies of the headers of all homes (owner/home-header.h). */
#pragma once

#include "base/error.h"

/* Puts back what a cut took from the homes that aren't open, and says whose. One that
 * can't be mended costs no other one its own; the first failure is returned. */
int homes_restore(struct error *err);

/* Copies for the next change, of whichever tool, likewise. */
int homes_keep(struct error *err);
