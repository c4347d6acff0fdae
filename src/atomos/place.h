/* SPDX-License-Identifier: MIT */
/* Where things are: the program's own parts, the configuration, keys, caches. */
#pragma once

#include "base/error.h"
#include "base/macro.h"

/* A file of ours: $ATOMOS_SHARE/NAME (default /usr/share/atomos). Freed by the caller. */
char *place_share(const char *name);
/* A program of ours: $ATOMOS_LIB/NAME (default /usr/lib/atomos). Freed by the caller. */
char *place_lib(const char *name);
/* One that people type: there in a clone, in the bin beside lib/atomos when installed.
 * Freed by the caller. */
char *place_program(const char *name);
/* What can be had again: $ATOMOS_CACHE, else /var/cache/atomos. Freed by the caller. */
char *place_cache(void);

/* The configuration: its file and the directory with the lock beside it. Absolute. */
struct place {
	char *configuration; /* …/configuration.nix */
	char *directory;
	char *lock; /* …/atomos.lock */
	char *keys; /* …/keys when it is there, else $ATOMOS_KEYS, else …/keys */
};

/* Finds what `given` names: a file, a directory with configuration.nix in it, or, NULL:
 * here, else /etc/atomos. -ENOENT with `err` set when there is none. Released by
 * place_done. */
int place_find(const char *given, struct place *ret, struct error *err);
void place_done(struct place *p);
#define _cleanup_place_ _cleanup_(place_done)

/* Notes beside an image whose keys it was made with (IMAGE.keys leads to them), for
 * trying it. Not to be trusted for verifying: who brings the image brings the note. */
int place_note_keys(const char *image, const char *keys, struct error *err);
/* Those keys, for IMAGE.disk (`atomos run --disk`) those of IMAGE, else as place_keys.
 * Freed by the caller. */
char *place_keys_of(const char *image, const char *given);

/* The key directory: `given`, else $ATOMOS_KEYS, else ./keys. Freed by the caller. */
char *place_keys(const char *given);
