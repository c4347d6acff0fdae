/* SPDX-License-Identifier: MIT */
/* Other programs: run, feed, capture. Never through a shell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

struct process {
	const char *const *argv;	/* argv[0] is looked up in PATH */
	const char *const *environment; /* NAME=value added to ours; may be NULL */
	const char *directory;		/* working directory; may be NULL */
	const void *input;		/* bytes for standard input; NULL: /dev/null */
	size_t input_size;
	size_t output_max;  /* limit for captured output; 0: 64 MiB */
	bool inherit_stdin; /* the program talks to the user */
	/* SIGTERM and SIGHUP to us end the program, and -EINTR is returned, so that the
	 * caller can tidy up. For programs whose output isn't captured; the caller has
	 * called process_hold_signals. */
	bool passes_signals;
	bool quiet; /* captured standard error is not put into err */
};

/* Runs a program to its end. Captures standard output into *ret_output (NUL-terminated,
 * freed by the caller) when that isn't NULL, else passes it through. Standard error is
 * captured and its end quoted in `err` when the program fails; with ret_output NULL it is
 * passed through. Returns the exit status (0..255), or a negative errno with `err` set.
 */
int process_run(const struct process *p, char **ret_output, size_t *ret_size,
		struct error *err);

/* As process_run, but every status but 0 is a failure (-EIO) with the sentence
 * "PROGRAM failed with status N: last lines of its standard error". */
int process_check(const struct process *p, char **ret_output, size_t *ret_size,
		  struct error *err);

/* Runs a program whose output nobody wants; errors as process_check. */
int process_do(const char *const *argv, struct error *err);

/* From here on SIGTERM, SIGHUP and SIGINT wait until process_run looks at them. SIGINT is
 * dropped: a program on the same terminal has got it too. */
void process_hold_signals(void);

/* True when a program of this name is in PATH. */
bool process_available(const char *name);
