/* SPDX-License-Identifier: MIT */
/* What the configuration decided for the first boot and the medium: a file of the
 * verified root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"
#include "owner/header.h"

#define CONFIG_FILE "/usr/lib/atomos/welcome.json"

/* An installation without a question, from a medium. */
struct unattended {
	char *serial, *path; /* of the disk; both NULL: an empty one */
	bool overwrite;	     /* what is on a named disk may be lost */
	bool restart;	     /* afterwards; else the machine goes off */
	char *answers;	     /* for the first start, as JSON; NULL: none */
};

struct config {
	char *system; /* the product's name for people */
	char **keymaps;
	char *keymap;
	char **directories, **files; /* that outlive a reboot */
	char **executable;	/* directories of these in which programs may be run */
	char *repart;		/* directory of partition definitions */
	struct secret *generic; /* the generic password */
	struct slot_cost cost;
	struct unattended *unattended; /* NULL: none is ordered */
	bool menu;		       /* a medium greets with Try or Install */
	bool cheap_homes;	       /* least work to open a home; for tests */
};

/* Released by config_done; empty on failure. */
int config_load(const char *path, struct config *ret, struct error *err);
void config_done(struct config *c);
#define _cleanup_config_ _cleanup_(config_done)
