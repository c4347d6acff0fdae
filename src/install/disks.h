/* SPDX-License-Identifier: MIT */
/* The disks of this machine, as places to install to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macro.h"
#include "init/volume-digest.h"
#include "install/layout.h"

/* More AtomOS than that on one disk are only not told apart by the TPM. */
#define DISK_VOLUMES_MAX 4

struct disk {
	char node[32];	 /* "vdb"; the device is /dev/vdb */
	char model[64];	 /* "" unknown */
	char serial[64]; /* "" unknown */
	const char *bus; /* sysfs.h */
	uint64_t size;
	uint64_t sequence; /* the kernel gives each disk that comes another; 0 unknown */
	bool empty;	   /* look.h */
	bool inner;	   /* isn't carried about: sysfs.h */
	bool removable, medium; /* the medium: what the running system comes from */
	char *content;		/* what is there now */
	bool owned;		/* an AtomOS with an owner is among it */
	/* Which volume keys the installed AtomOS on it have. */
	uint8_t volumes[DISK_VOLUMES_MAX][VOLUME_DIGEST_SIZE];
	size_t volume_count;
	const char *warning; /* NULL: none */
	char *refusal;	     /* why the whole disk can't be taken; NULL: it can */
	struct region free;  /* the largest free space */
	char *free_refusal;  /* why that can't be taken; NULL: it can */
};

struct disks {
	struct disk *list;
	size_t count;
	uint64_t smallest; /* a disk with fewer bytes can't be taken */
};

/* Looks at one, "vdb", of whatever kind, for a system with these needs. Reads, never
 * writes. Released by disk_done. */
void disk_find(const char *node, const struct layout_needs *needs, struct disk *ret);
void disk_done(struct disk *d);
#define _cleanup_disk_ _cleanup_(disk_done)

/* Looks at all disks, for a system with these needs. Reads, never writes. Released by
 * disks_done. */
void disks_find(const struct layout_needs *needs, struct disks *ret);
/* Volume keys that more than one disk has (a copy of a disk) are no disk's any more:
 * nobody can tell which one the TPM opens. */
void disks_forget_twins(struct disks *d);
void disks_done(struct disks *d);
#define _cleanup_disks_ _cleanup_(disks_done)

/* By node, with or without "/dev/"; NULL when there is no such disk. */
const struct disk *disks_get(const struct disks *d, const char *name);
