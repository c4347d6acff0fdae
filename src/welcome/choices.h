/* SPDX-License-Identifier: MIT */
/* Language, keyboard and time zone that a person chose: kept in the state, applied to the
 * root in memory at each boot. */
#pragma once

#include "base/error.h"

#define CHOICES_FILE "/var/lib/atomos/choices.json"

struct choices {
	char *language, *keymap, *zone; /* "" where nothing was chosen */
};

/* Reads the text; names with odd letters are refused, since the state isn't signed.
 * Released by choices_done; empty on failure. */
int choices_parse(const char *text, struct choices *ret, struct error *err);
int choices_load(const char *path, struct choices *ret, struct error *err);
void choices_done(struct choices *c);
#define _cleanup_choices_ _cleanup_(choices_done)

int choices_write(const char *path, const struct choices *c, struct error *err);

/* Writes what follows from them below `root` ("/"): locale.conf, localtime, timezone,
 * vconsole.conf, default/keyboard. What the root has no such zone for is left. */
int choices_apply(const char *root, const struct choices *c, struct error *err);
