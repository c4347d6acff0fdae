/* SPDX-License-Identifier: MIT */
/* atomos new: a commented configuration to start from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/place.h"
#include "atomos/verb.h"

#define EXAMPLE_MAX (1U << 20)

static int copy_example(const char *directory, struct error *err)
{
	_cleanup_free_ char *from = place_share("examples/new/configuration.nix");
	_cleanup_free_ char *to = xasprintf("%s/configuration.nix", directory);
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail(err, -EEXIST, "There is a configuration already: %s", to);
	r = read_file_at(AT_FDCWD, from, EXAMPLE_MAX, &text, &size);
	if (r < 0)
		return fail(err, r, "Can't read the example %s: %s", from, strerror(-r));
	r = make_parents_at(AT_FDCWD, to);
	if (r == 0)
		r = write_file_at(AT_FDCWD, to, text, size, 0644);
	if (r < 0)
		return fail(err, r, "Can't write %s: %s", to, strerror(-r));
	return 0;
}

static void say_next(const char *d)
{
	printf("%s/configuration.nix is your system: read it, change it. Then:\n\n"
	       "  atomos keys new %s/keys\n"
	       "  atomos image --configuration %s -o %s/system.img\n"
	       "  atomos run %s/system.img\n",
	       d, d, d, d, d);
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_free_ char *directory = xstrdup(in->arguments[0]);
	size_t n = strlen(directory);
	int r;

	while (n > 1 && directory[n - 1] == '/')
		directory[--n] = 0;
	r = copy_example(directory, err);
	if (r == 0 && !in->quiet)
		say_next(directory);
	return r;
}

const struct verb verb_new = {
	.name = "new",
	.arguments = "DIRECTORY",
	.help = "Make a directory with a configuration to start from",
	.min = 1,
	.max = 1,
	.run = run,
};
