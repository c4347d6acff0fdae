/* SPDX-License-Identifier: MIT */
/* What languages the running system has. */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/str.h"
#include "owner/languages.h"

#define DEFAULT_LANGUAGE "C.UTF-8"

char **languages_of(const char *list)
{
	_cleanup_strv_ char **lines = strv_split(list, "\n");
	char **out = strv_add(NULL, DEFAULT_LANGUAGE);

	for (char **line = lines; line && *line; line++) {
		char *dot = strchr(*line, '.');
		_cleanup_free_ char *name = NULL;

		if (!dot ||
		    (strcasecmp(dot, ".utf8") != 0 && strcasecmp(dot, ".utf-8") != 0))
			continue;
		name = xasprintf("%.*s.UTF-8", (int)(dot - *line), *line);
		if (!strv_contains(out, name))
			out = strv_add(out, name);
	}
	return out;
}

char **languages_offered(void)
{
	const char *const argv[] = {"locale", "-a", NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;

	if (process_check(&p, &output, NULL, NULL) < 0)
		return languages_of("");
	return languages_of(output);
}
