/* SPDX-License-Identifier: MIT */
/* Brings a lock in line with what a configuration asks for. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-json.h>

#include "base/error.h"
#include "atomos/apt.h"
#include "atomos/lock.h"

struct renew_request {
	sd_json_variant *decisions; /* as nix/ask.nix gives them */
	const char *directory;	/* of the lock: local packages in it are noted relative to
				   it */
	const struct lock *old; /* NULL: none yet */
	bool fold;		/* a local file changed: no layer can stay as it is */
	bool rebase;		/* everything anew, in the base layer */
	void (*progress)(void *context, uint64_t done, uint64_t total, const char *what);
	void *progress_context;
};

/* Makes the new lock. With an old one everything that is locked keeps its version as long
 * as it can be had, names that came are put into the second layer, and only when a
 * package of the base goes or must change is everything folded into the base. */
int renew_lock(const struct renew_request *q, struct lock *ret, struct error *err);

/* Debian's mirrors: those of the configuration, else this machine's. */
int renew_mirrors(sd_json_variant *decisions, struct apt_mirrors *ret, struct error *err);
