/* SPDX-License-Identifier: MIT */
/* What a configuration was built into, kept from Nix's garbage collection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/hash.h"
#include "atomos/roots.h"

#define ROOTS "/nix/var/nix/gcroots/atomos"
#define ID_BYTES 8
#define NOTE_MAX 65536

char *roots_directory(const char *what)
{
	uint8_t digest[SHA256_SIZE];
	char id[2 * ID_BYTES + 1];

	sha256_buffer(what, strlen(what), digest);
	hex_encode(digest, ID_BYTES, id);
	return xasprintf(ROOTS "/%s", id);
}

bool roots_have(const char *directory, const char *name, const char *path)
{
	_cleanup_free_ char *link = xasprintf("%s/%s", directory, name), *target = NULL;

	return readlink_at(AT_FDCWD, link, &target) == 0 && streq(target, path) &&
	       access(path, F_OK) == 0;
}

int roots_set(const char *directory, const char *name, const char *path,
	      struct error *err)
{
	_cleanup_free_ char *link = xasprintf("%s/%s", directory, name);
	_cleanup_free_ char *fresh = xasprintf("%s/.new-%s", directory, name);
	int r = make_parents_at(AT_FDCWD, link);

	if (r < 0)
		return fail(err, r, "Can't make %s: %s", directory, strerror(-r));
	if ((unlink(fresh) < 0 && errno != ENOENT) || symlink(path, fresh) < 0 ||
	    rename(fresh, link) < 0)
		return fail(err, -errno, "Can't make the link %s: %m", link);
	return 0;
}

int roots_note(const char *directory, const char *name, const char *text,
	       struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	int r = make_parents_at(AT_FDCWD, path);

	if (r == 0)
		r = write_file_at(AT_FDCWD, path, text, strlen(text), 0644);
	return r < 0 ? fail(err, r, "Can't write %s: %s", path, strerror(-r)) : 0;
}

bool roots_noted(const char *directory, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name), *there = NULL;
	size_t size;

	return read_file_at(AT_FDCWD, path, NOTE_MAX, &there, &size) == 0 &&
	       streq(there, text);
}
