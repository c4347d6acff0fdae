/* SPDX-License-Identifier: MIT */
/* Fuzz target: a package's control file, and what becomes of it in dpkg's status. */
#include "base/str.h"
#include "builder/dpkg-db.h"
#include "builder/package.h"
#include "fuzz.h"

static void try_names(const char *stanza, const char *field)
{
	_cleanup_free_ char *value = control_field(stanza, field);
	_cleanup_strv_ char **names = value ? control_names(value) : NULL;

	for (char **n = names; n && *n; n++)
		must(**n && !strpbrk(*n, " \t\n,|("));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size),
	     *paths[] = {(char *)"/etc/a", NULL},
	     *lines[] = {(char *)"/etc/a newconffile", NULL};
	const struct package p = {.name = (char *)"a",
				  .control = text,
				  .conffiles = paths,
				  .conffile_lines = lines};
	_cleanup_free_ char *name = control_field(text, "Package"),
			    *stanza = dpkg_status_stanza(&p);

	if (name)
		must(strcasestr(text, "Package:") != NULL);
	must(strstr(stanza, "Status: install ok unpacked") != NULL);
	try_names(text, "Replaces");
	free(text);
	return 0;
}
