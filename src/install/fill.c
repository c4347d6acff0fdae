/* SPDX-License-Identifier: MIT */
/* The file system of an installation. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "core/store-sink.h"
#include "image/stage.h"
#include "install/fill.h"

#define COMPRESSION "compress=zstd:3"

/* Adds what is done of one step to what others did. */
struct meter {
	const struct fill *fill;
	const char *what;
	uint64_t before, total;
};

static void report(void *context, uint64_t done, uint64_t total)
{
	const struct meter *m = context;

	m->fill->progress(m->fill->progress_context, m->before + done, m->total, m->what);
}

static int make_subvolume(const struct fill *f, const char *name, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", f->directory, name);
	const char *const argv[] = {"btrfs",  "--quiet", "subvolume",
				    "create", path,	 NULL};

	return process_do(argv, err);
}

static int mount_it(const struct fill *f, unsigned long flags, struct error *err)
{
	if (mount(f->device, f->directory, "btrfs",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | flags, COMPRESSION) < 0)
		return fail(err, -errno, "Can't mount the new file system: %m");
	return 0;
}

static int unmount_it(const struct fill *f, struct error *err)
{
	return umount2(f->directory, UMOUNT_NOFOLLOW) < 0
		       ? fail(err, -errno, "Can't unmount the new file system: %m")
		       : 0;
}

static int make_file_system(const struct fill *f, struct error *err)
{
	const char *const argv[] = {"mkfs.btrfs", "--quiet", "--force", "--label",
				    "atomos",	  f->device, NULL};
	int r = process_do(argv, err);

	if (r < 0)
		return r;
	if (mkdir(f->directory, 0700) < 0)
		return fail(err, -errno, "Can't make %s: %m", f->directory);
	r = mount_it(f, 0, err);
	if (r == 0)
		r = make_subvolume(f, "nix", err);
	return r < 0 ? r : make_subvolume(f, "state", err);
}

static struct engine engine_of(const struct fill *f, int store, struct meter *m)
{
	return (struct engine){.store = store,
			       .prefetch = 2,
			       .drop_cache = true,
			       .progress = f->progress ? report : NULL,
			       .progress_context = m};
}

static int copy_part(const struct fill *f, const struct source_part *part, int target,
		     struct meter *m, struct error *err)
{
	const struct engine e = engine_of(f, f->source->store, m);
	struct engine_result result;
	int r = store_copy(&e, &part->trusted, target, &result, err);

	m->before += part->trusted.nar_size;
	return r;
}

static int copy(const struct fill *f, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s" STORE_DIR, f->directory);
	_cleanup_free_ char *child = xasprintf("%s/x", path);
	_cleanup_close_ int target = -EBADF;
	struct meter m = {f, "Copying the system", 0, source_size(f->source)};
	int r = make_parents_at(AT_FDCWD, child);

	if (r == 0)
		target = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return fail(err, r < 0 ? r : -errno, "Can't make %s", path);
	r = copy_part(f, &f->source->system, target, &m, err);
	return r < 0 ? r : copy_part(f, &f->source->boot_image, target, &m, err);
}

static int describe(const struct fill *f, struct error *err)
{
	const struct source *s = f->source;
	const struct stage_options o = {.system = s->system.path,
					.closure = &s->system.exact,
					.boot_image = s->boot_image.path,
					.boot_closure = &s->boot_image.exact,
					.nix_environment = f->nix_environment};

	return stage_describe(f->directory, &o, err);
}

static int sync_it(const struct fill *f, struct error *err)
{
	int r = sync_file_system(f->directory);

	return r < 0 ? fail(err, r, "Can't write the new file system: %s", strerror(-r))
		     : 0;
}

static int read_part(const struct fill *f, const struct source_part *part, int store,
		     struct meter *m, struct error *err)
{
	const struct engine e = engine_of(f, store, m);
	struct engine_result result;
	int r = engine_run(&e, &part->trusted, 0, NULL, &result, err);

	m->before += part->trusted.nar_size;
	return r;
}

/* What the disk gives back, not what memory still has of it. */
static int read_back(const struct fill *f, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s" STORE_DIR, f->directory);
	struct meter m = {f, "Reading back", 0, source_size(f->source)};
	_cleanup_close_ int store = -EBADF;
	int r = mount_it(f, MS_RDONLY, err);

	if (r < 0)
		return r;
	store = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store < 0)
		r = fail(err, -errno, "Can't open %s: %m", path);
	if (r == 0)
		r = read_part(f, &f->source->system, store, &m, err);
	if (r == 0)
		r = read_part(f, &f->source->boot_image, store, &m, err);
	return r < 0 ? wrap(err, "The disk gives back something else") : 0;
}

static int fill_in(const struct fill *f, struct error *err)
{
	int r = make_file_system(f, err);

	if (r == 0)
		r = copy(f, err);
	if (r == 0)
		r = describe(f, err);
	if (r == 0)
		r = sync_it(f, err);
	if (r == 0)
		r = unmount_it(f, err);
	return r < 0 ? r : read_back(f, err);
}

int fill_run(const struct fill *f, uint64_t *ret_bytes, struct error *err)
{
	struct error ignored;
	int r = fill_in(f, err);

	*ret_bytes = source_size(f->source);
	if (r == 0)
		return unmount_it(f, err);
	/* Mounted or not: the failure above is the one to be told. */
	(void)unmount_it(f, &ignored);
	return r;
}
