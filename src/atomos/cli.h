/* SPDX-License-Identifier: MIT */
/* The command line: what was typed becomes an invocation, declarations become help. */
#pragma once

#include "atomos/verb.h"

enum cli_action {
	CLI_RUN,
	CLI_HELP, /* of the verb, or of the program when verb is NULL */
	CLI_VERSION,
};

/* Reads the arguments into *ret, which points into `argv` (reordered). Returns an action,
 * or -EMISUSE with `err` set. Prints nothing. */
int cli_parse(int argc, char **argv, struct invocation *ret, struct error *err);

/* Prints the help of a verb, or of the program (NULL), to stdout. */
void cli_help(const struct verb *verb);
