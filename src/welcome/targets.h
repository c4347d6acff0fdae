/* SPDX-License-Identifier: MIT */
/* Places to install to, from `atomos install --list --json`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct target {
	char *disk;	   /* "vdb" */
	uint64_t sequence; /* the kernel's, of this very disk; 0 unknown */
	bool whole;	   /* else its free space */
	bool medium;	   /* the disk that this system runs from */
	bool empty, inner; /* not carried about: sysfs.h */
	char *serial;	   /* "" unknown */
	bool known;	   /* the TPM opens what is overwritten, and will forget it */
	bool other;	   /* the TPM opens something else */
	char *label;	   /* "vdb, 20.0 GB, QEMU HARDDISK, USB" */
	char *content;	   /* what is there now, in plain words */
	char *warning;	   /* NULL: none */
	char *refusal;	   /* why it can't be chosen; NULL: it can */
};

struct targets {
	struct target *list;
	size_t count, capacity;
};

/* Released by targets_done; empty on failure. Disks without a name are left out. */
int targets_parse(const char *text, struct targets *ret, struct error *err);
void targets_done(struct targets *t);
#define _cleanup_targets_ _cleanup_(targets_done)

/* The space behind an image that was written to an inner disk: the medium's own disk is
 * offered only when it isn't one that is carried about. NULL: none. */
const struct target *targets_behind(const struct targets *t);
