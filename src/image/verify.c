/* SPDX-License-Identifier: MIT */
/* Checks the system in an image file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/btrfs-super.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "image/mount.h"
#include "image/verify.h"
#include "image/xts.h"

#define PROFILE "nix/var/nix/profiles/"

static const struct gpt_partition *find_root(const struct gpt *gpt)
{
	const struct gpt_partition *p = gpt_find(gpt, GPT_MEDIUM_ROOT);

	return p ? p : gpt_find(gpt, GPT_INSTALLED_ROOT);
}

bool image_recognise(int fd)
{
	struct gpt gpt;

	return gpt_read(fd, &gpt, NULL) == 0 && find_root(&gpt);
}

static void unlink_free(char **path)
{
	if (*path)
		unlink(*path);
	free(*path);
}

static int decrypt(const struct image_verify *v, int out, struct error *err)
{
	_cleanup_close_ int in = open(v->path, O_RDONLY | O_CLOEXEC);
	_cleanup_secret_ struct secret *key = NULL;
	const struct gpt_partition *root;
	struct xts_copy copy;
	struct gpt gpt;
	int r;

	if (in < 0)
		return fail(err, -errno, "Can't open %s: %m", v->path);
	r = gpt_read(in, &gpt, err);
	if (r < 0)
		return wrap(err, "%s isn't an image of AtomOS", v->path);
	root = find_root(&gpt);
	if (!root && gpt_find(&gpt, GPT_UNFINISHED_ROOT))
		return fail(err, -EMEDIUMTYPE,
			    "The installation onto %s was interrupted: start the medium "
			    "again and install anew",
			    v->path);
	if (!root || root->size <= LUKS_DATA_OFFSET)
		return fail(err, -EMEDIUMTYPE,
			    "%s isn't an image of AtomOS: it has no root "
			    "partition of ours",
			    v->path);
	r = luks_open(in, root->start, v->password, &key, err);
	if (r < 0)
		return wrap(err, "%s", v->path);
	copy = (struct xts_copy){.direction = XTS_DECRYPT,
				 .key = (const uint8_t *)key->data,
				 .in = in,
				 .out = out,
				 .in_offset = (off_t)root->start + LUKS_DATA_OFFSET,
				 .size = (root->size - LUKS_DATA_OFFSET) / XTS_SECTOR *
					 XTS_SECTOR};
	if (ftruncate(out, (off_t)copy.size) < 0)
		return fail(err, -errno, "Can't make room to decrypt %s: %m", v->path);
	r = xts_copy(&copy, err);
	return r < 0 ? wrap(err, "Can't decrypt %s", v->path) : 0;
}

/* The store path that profiles/system → system-N-link → /nix/store/… names. */
static int current_system(int root, char **ret, struct error *err)
{
	_cleanup_free_ char *link = NULL, *name = NULL, *target = NULL;
	const char *base;
	int r = readlink_at(root, PROFILE "system", &link);

	if (r == 0 && strchr(link, '/'))
		r = -EINVAL;
	if (r == 0) {
		name = xasprintf(PROFILE "%s", link);
		r = readlink_at(root, name, &target);
	}
	base = r == 0 ? startswith(target, STORE_DIR "/") : NULL;
	if (r == 0 && (!base || !store_base_valid(base)))
		r = -EINVAL;
	if (r < 0)
		return fail(
			err, r,
			"The profile link /nix/var/nix/profiles/system doesn't lead to a "
			"system: %s",
			strerror(-r));
	*ret = TAKE_PTR(target);
	return 0;
}

static int verify_system(const struct image_verify *v, int root, const char *system,
			 struct engine_result *ret, struct error *err)
{
	const char *base = system + strlen(STORE_DIR "/");
	_cleanup_free_ char *name = xasprintf("nix/var/atomos/closures/%s.narinfo", base);
	_cleanup_closure_ struct closure closure = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int store = -EBADF;
	struct engine engine;
	size_t size;
	int r = read_file_at(root, name, CLOSURE_TEXT_MAX, &text, &size);

	if (r < 0)
		return fail(err, r, "Can't read /%s: %s", name, strerror(-r));
	r = closure_parse(text, size, &closure, err);
	if (r < 0)
		return wrap(err, "/%s", name);
	store = openat(root, "nix/store",
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store < 0)
		return fail(err, -errno, "Can't open " STORE_DIR " in the image: %m");
	engine = (struct engine){.store = store,
				 .progress = v->progress,
				 .progress_context = v->progress_context};
	return verify_store_path(&engine, &closure, base, v->keys, ret, err);
}

int image_verify(const struct image_verify *v, struct engine_result *ret,
		 char **ret_system, struct error *err)
{
	const char *directory = getenv("TMPDIR");
	_cleanup_(unlink_free) char *path =
		xasprintf("%s/atomos-verify.XXXXXX", directory ? directory : "/var/tmp");
	_cleanup_loop_mount_ struct loop_mount mount = {0};
	_cleanup_close_ int file = mkostemp(path, O_CLOEXEC), root = -EBADF;
	_cleanup_free_ char *system = NULL;
	int r;

	*ret_system = NULL;
	if (file < 0)
		return fail(err, -errno, "Can't make the temporary file %s: %m", path);
	r = decrypt(v, file, err);
	/* It is our own file: what a power cut left is made good first, as at boot. Where
	 * that can't be, mounting it says so. */
	if (r == 0)
		(void)btrfs_super_mend(file);
	/* Writable for btrfs, which writes what its log has. */
	if (r == 0)
		r = loop_mount(path, false, &mount, err);
	if (r < 0)
		return r;
	root = open(mount.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, -errno, "Can't open %s: %m", mount.directory);
	r = current_system(root, &system, err);
	if (r == 0) {
		r = verify_system(v, root, system, ret, err);
		*ret_system = TAKE_PTR(system);
	}
	close(TAKE_FD(root));
	return r;
}
