/* SPDX-License-Identifier: MIT */
/* The encrypted volume of an installation: a header of our one shape with a volume key of
 * its own, and the space behind it opened through the whole disk, so that it need not
 * have a partition yet. */
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "install/layout.h"
#include "install/leave-answers.h"

#define CONTAINER_DEVICE "/dev/mapper/atomos-install"

struct container {
	const char *disk; /* "/dev/…" */
	struct region region;
	/* A device of just the region (kernel-part.h); NULL: it is opened through the
	 * disk.
	 */
	const char *part;
	const struct secret *password;
	const char *keymap;		     /* NULL: none */
	const struct leave_answers *answers; /* for the first start; NULL: none */
	const char *directory; /* in memory, for the header while it is made */
};

/* Makes a fresh header in the directory; the disk isn't touched. The volume key is the
 * caller's. */
int container_prepare(const struct container *c, struct secret **ret_key,
		      struct error *err);
/* Writes it to the region; what was there can't be opened any more. Durable on return. */
int container_write(const struct container *c, struct error *err);
/* Opens it as CONTAINER_DEVICE, in place of one that an interrupted installation left. */
int container_open(const struct container *c, const struct secret *key,
		   struct error *err);
/* 0 also when it isn't open. */
int container_close(struct error *err);
