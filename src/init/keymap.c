/* SPDX-License-Identifier: MIT */
/* The keyboard's layout. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/process.h"
#include "base/str.h"
#include "init/keymap.h"

#define NAME_MAX_LENGTH 32

bool keymap_allowed(const char *name, char *const *allowed)
{
	size_t n = strlen(name);

	if (n < 1 || n > NAME_MAX_LENGTH || !isalnum((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return allowed && strv_contains(allowed, name);
}

void keymap_load(const char *name)
{
	const char *const argv[] = {"/usr/bin/loadkeys", "--quiet", "--console=/dev/tty0",
				    name, NULL};
	const struct process p = {.argv = argv};
	char *output = NULL;
	struct error err;

	if (process_check(&p, &output, NULL, &err) < 0)
		log_warning("keymap %s: %s", name, err.message);
	free(output);
}
