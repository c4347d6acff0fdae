/* SPDX-License-Identifier: MIT */
/* The program atomos: finds the verb, runs it, prints its error once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "atomos/cli.h"

#define EXIT_MISUSE 2

static int report(int r, const struct error *err)
{
	size_t length = strlen(err->message);
	const char *stop = length && strchr(".?!", err->message[length - 1]) ? "" : ".";

	fprintf(stderr, "atomos: %s%s\n", err->message, stop);
	return r == -EMISUSE ? EXIT_MISUSE : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct invocation in;
	struct error err = {0};
	int r = cli_parse(argc, argv, &in, &err);

	if (r < 0)
		return report(r, &err);
	if (r == CLI_HELP) {
		cli_help(in.verb);
	} else if (r == CLI_VERSION) {
		puts("atomos " ATOMOS_VERSION);
	} else {
		if (in.quiet)
			log_set_level(LOG_LEVEL_WARNING);
		r = in.verb->run(&in, &err);
		if (r < 0)
			return report(r, &err);
	}
	/* A full disk behind a redirection must not look like success. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "atomos: The output could not be written.\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
