/* SPDX-License-Identifier: MIT */
/* Puts a system on a disk: a fresh container, the verified closure copied into it path by
 * path, a fresh database, fresh GUIDs, and the partition table last. Nothing else of the
 * medium reaches the disk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"
#include "install/layout.h"
#include "install/leave-answers.h"
#include "install/old-pin.h"
#include "install/source.h"

/* `done` of `total` bytes (0: unknown) in the step `what`. */
typedef void (*install_progress)(void *context, uint64_t done, uint64_t total,
				 const char *what);

struct install_options {
	const char *disk;    /* "/dev/vdb" */
	bool whole;	     /* else only `space`, beside what is there */
	struct region space; /* free space of the disk */
	/* Of the disk that was looked at (disks.h): another one isn't written to. 0:
	 * whatever it is. */
	uint64_t size, sequence;
	uint64_t release;      /* names the boot image in the ESP */
	uint64_t home_minimum; /* layout.h */
	const struct source *source;
	const struct secret *password; /* the generic one, until there is an owner */
	/* What the TPM is to forget, so that the new disk's first start tells it to open
	 * that one: a pin of this disk goes with the old table, another one when the new
	 * system is there. NONE: nothing. */
	enum old_pin old_pin;
	const char *keymap;		     /* NULL: none */
	const struct leave_answers *answers; /* for the first start; NULL: it asks */
	const char *const *nix_environment;
	install_progress progress; /* may be NULL */
	void *progress_context;
};

struct install_result {
	struct layout layout;
	uint64_t bytes; /* of store paths */
	/* Told to the firmware by name; false: it finds it by the name that every
	 * firmware looks for, if it looks. */
	bool boot_entry;
	struct error old_pin; /* code negative: why the TPM keeps the old pin */
	/* The table was about to name the new system: even after a failure it may be what
	 * the disk starts. */
	bool switched;
};

/* *ret is filled in after a failure, too, as far as it came. Needs root. Interrupted at
 * any moment (power too) it leaves on a whole disk what says at its boot that it is
 * unfinished, and in free space nothing that anybody sees. */
int install_run(const struct install_options *o, struct install_result *ret,
		struct error *err);
