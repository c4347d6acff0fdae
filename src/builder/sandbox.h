/* SPDX-License-Identifier: MIT */
/* Runs Debian's own programs inside of the root that is being built. */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"
#include "builder/makers.h"

/* A package's script that says nothing for this long is stuck in a question. */
#define SANDBOX_SILENCE_SECONDS 300
#define SANDBOX_TOTAL_SECONDS 3600

/* When dpkg was working on which package: names who wrote a file. */
struct sandbox_event {
	int64_t nanoseconds; /* CLOCK_REALTIME_COARSE, as for mtimes */
	char *package;
};

struct sandbox {
	int root_fd;
	int64_t epoch;
	unsigned silence_seconds, total_seconds; /* limits; 0: those above */
	struct sandbox_event *events;
	size_t count, capacity;
	struct makers makers;
};

/* Mounts /dev and /proc, writes policy-rc.d (no service is started). */
int sandbox_start(struct sandbox *s, const char *root_path, struct error *err);
/* Ends whatever still runs when this process is the sandbox's first, unmounts, removes
 * policy-rc.d. */
int sandbox_stop(struct sandbox *s, const char *root_path, struct error *err);

/* Runs a program of the root, without input. Its output goes to standard error, or to
 * *ret_output (freed by the caller) when that isn't NULL. `environment` (may be NULL) is
 * added to a fixed one. Fails with the program's last lines unless it exits with 0, and
 * when one of the time limits passes. */
int sandbox_run(struct sandbox *s, const char *const *argv,
		const char *const *environment, char **ret_output, struct error *err);

/* Notes that from now on this package is at work, and who made the users and groups that
 * are new. */
void sandbox_note(struct sandbox *s, const char *package);
/* The package at work at this time, or NULL. */
const char *sandbox_who(const struct sandbox *s, const struct timespec *time);
void sandbox_done(struct sandbox *s);
#define _cleanup_sandbox_ _cleanup_(sandbox_done)
