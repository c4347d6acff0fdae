/* SPDX-License-Identifier: MIT */
/* atomos-build: the static helper that runs as builder of Nix derivations. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/str.h"
#include "builder/verb.h"

struct verb {
	const char *name, *help;
	int (*run)(struct error *err);
};

static const struct verb verbs[] = {
	{"unpack", "one .deb into a package path (deb, out)", verb_unpack},
	{"root", "packages into a configured root (packages, base, users, groups, out)",
	 verb_root},
	{"system", "a root and a configuration into a system (root, spec, out)",
	 verb_system},
	{"initramfs", "kernel and initramfs from a root (root, modules, programs, out)",
	 verb_initramfs},
};

static int usage(FILE *f)
{
	fputs("Usage: atomos-build COMMAND, with its arguments in the environment\n", f);
	for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (argc == 2 && streq(argv[1], "--help"))
		return usage(stdout);
	umask(022);
	for (size_t i = 0; argc == 2 && i < ELEMENTSOF(verbs); i++) {
		if (!streq(argv[1], verbs[i].name))
			continue;
		if (verbs[i].run(&err) >= 0)
			return 0;
		fprintf(stderr, "atomos-build: %s.\n", err.message);
		return 1;
	}
	return usage(stderr);
}
