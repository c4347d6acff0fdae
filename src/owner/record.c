/* SPDX-License-Identifier: MIT */
/* Which password the disk's slot of a user has, and which slot that is. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/record.h"

#define RECORD_MAX 4096

int record_write(const char *directory, const char *user, const char *digest,
		 const char *salt, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, user);
	_cleanup_free_ char *text = xasprintf("%s %s", digest, salt);
	int r = make_parents_at(AT_FDCWD, path);

	if (r == 0)
		r = write_file_at(AT_FDCWD, path, text, strlen(text), 0600);
	return r < 0 ? fail(err, r, "%s can't be written: %s", path, strerror(-r)) : 0;
}

void record_remove(const char *directory, const char *user)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, user);

	(void)unlink(path);
}

bool record_differs(const char *directory, const char *user, const char *digest,
		    char *const *salts)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, user), *text = NULL;
	char *salt;

	if (read_file_at(AT_FDCWD, path, RECORD_MAX, &text, NULL) < 0)
		return false;
	salt = strchr(text, ' ');
	if (salt)
		*salt++ = 0;
	return (digest && !streq(text, digest)) || (salt && !strv_contains(salts, salt));
}
