/* SPDX-License-Identifier: MIT */
/* Fuzz target: what is typed after "atomos", one argument a line. */
#include "atomos/cli.h"
#include "base/str.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	_cleanup_strv_ char **words = strv_split(text, "\n");
	/* getopt changes the order: the strings belong to `words`. */
	_cleanup_free_ char **argv = xcalloc(strv_length(words) + 2, sizeof(*argv));
	struct invocation in;
	struct error err = {0};
	int r;

	argv[0] = (char *)"atomos";
	memcpy(argv + 1, words, strv_length(words) * sizeof(*argv));
	r = cli_parse((int)strv_length(argv), argv, &in, &err);
	if (r < 0)
		must(err.message[0]);
	else if (r == CLI_RUN)
		must(in.verb && in.count >= in.verb->min);
	return 0;
}
