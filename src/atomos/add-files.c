/* SPDX-License-Identifier: MIT */
/* Packages from a mirror on disk: Nix fetches in a sandbox that can't see it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/store.h"
#include "atomos/add-files.h"
#include "atomos/nix.h"

static int add_file(const char *file, const char *path, struct error *err)
{
	const char *name = path + strlen(STORE_DIR "/") + STORE_HASH_LENGTH + 1;
	const char *const argv[] = {"nix",    "store", "add", "--mode", "flat",
				    "--name", name,    file,  NULL};
	_cleanup_free_ char *added = NULL;
	int r;

	if (access(file, R_OK) < 0)
		return fail(err, -errno, "%s can't be had any more: %m", file);
	r = nix_run(argv, &added, err);
	if (r < 0)
		return wrap(err, "Can't put %s into the store", file);
	added[strcspn(added, "\n")] = 0;
	if (!streq(added, path))
		return fail(
			err, -EBADMSG,
			"The mirror's %s isn't the file that atomos.lock names: it has "
			"another content",
			name);
	return 0;
}

int add_files(const struct lock *l, const char *repository, const char *directory,
	      struct progress *progress, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->count; i++) {
		const struct lock_package *p = &l->packages[i];
		_cleanup_free_ char *path = NULL, *file = NULL;

		if (!streq(p->repository, repository))
			continue;
		path = lock_package_deb(p);
		if (access(path, F_OK) == 0)
			continue;
		file = xasprintf("%s/%s", directory, p->path);
		progress_step(progress, i, l->count, "Taking packages from the mirror",
			      p->name);
		r = add_file(file, path, err);
	}
	return r;
}
