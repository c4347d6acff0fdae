/* SPDX-License-Identifier: MIT */
/* Steps that give the root in memory its store, state and identity. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/clock.h"
#include "init/copy-tree.h"

#define NIX_IN_ROOT ROOT_DIR "/nix"
#define TABLE_MAX (4U << 20)

static int move_store(struct error *err)
{
	if (mkdir(NIX_IN_ROOT, 0755) < 0 && errno != EEXIST)
		return fail(err, -errno, "%s: %m", NIX_IN_ROOT);
	if (mount(NIX_DIR, NIX_IN_ROOT, NULL, MS_MOVE, NULL) < 0)
		return fail(err, -errno, "The store can't be moved into the root: %m");
	(void)rmdir(NIX_DIR);
	/* A mount point of its own: Nix remounts /nix/store in its private namespace. */
	if (mount(NIX_IN_ROOT "/store", NIX_IN_ROOT "/store", NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, NIX_IN_ROOT "/store", NULL,
		  MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOATIME,
		  NULL) < 0)
		return fail(err, -errno, "/nix/store can't be mounted: %m");
	return 0;
}

/* The store stays on the disk, read-only; what Nix writes goes to memory, starting from
 * what the disk has. The database is as little verified as the store below it: both serve
 * the running system's Nix, nothing of them has run or runs by itself. */
int step_store(struct boot *b, struct error *err)
{
	_cleanup_close_ int from = -EBADF, to = -EBADF;
	int r;

	close_fdp(&b->store);
	b->store = -EBADF;
	r = move_store(err);
	if (r < 0)
		return r;
	from = open(NIX_IN_ROOT "/var", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return fail(err, -errno, "/nix/var on the disk: %m");
	if (mount("tmpfs", NIX_IN_ROOT "/var", "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0755,size=50%,huge=never") < 0)
		return fail(err, -errno, "/nix/var in memory: %m");
	to = open(NIX_IN_ROOT "/var", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = to < 0 ? -errno : copy_tree(from, to);
	return r < 0 ? fail(err, r, "/nix/var can't be copied into memory: %s",
			    strerror(-r))
		     : 0;
}

static int lookup(const char *table, const char *name, uint32_t *ret, struct error *err)
{
	if (id_lookup(table, name, ret, NULL) < 0)
		return fail(err, -ENOENT, "The system has no user or group \"%s\"", name);
	return 0;
}

struct tables {
	char *passwd, *group;
};

/* Makes one directory where it is absent, below the descriptor of the root. */
static int make_directory(int root, const struct state_directory *d,
			  const struct tables *t, struct error *err)
{
	const char *path = d->path + strspn(d->path, "/");
	uint32_t uid, gid;
	int r;

	if (faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = lookup(t->passwd, d->user, &uid, err);
	if (r == 0)
		r = lookup(t->group, d->group, &gid, err);
	if (r < 0)
		return r;
	r = make_parents_at(root, path);
	if (r < 0)
		return fail(err, r, "%s can't be made: %s", d->path, strerror(-r));
	if (mkdirat(root, path, 0700) < 0 ||
	    fchownat(root, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(root, path, d->mode, 0) < 0)
		return fail(err, -errno, "%s can't be made: %m", d->path);
	return 0;
}

int step_state(struct boot *b, struct error *err)
{
	_cleanup_close_ int root = open(ROOT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	struct tables t;
	int r;

	if (root < 0)
		return fail(err, -errno, "%s: %m", ROOT_DIR);
	r = read_file_at(root, "etc/passwd", TABLE_MAX, &passwd, NULL);
	if (r == 0)
		r = read_file_at(root, "etc/group", TABLE_MAX, &group, NULL);
	if (r < 0)
		return fail(err, r, "The system has no list of users: %s", strerror(-r));
	t = (struct tables){passwd, group};
	for (size_t i = 0; i < b->info.directory_count && r == 0; i++)
		r = make_directory(root, &b->info.directories[i], &t, err);
	return r;
}

static int set_time(const struct timeval *v)
{
	return settimeofday(v, NULL);
}

static void set_clock(uint64_t epoch)
{
	int r = clock_not_before(epoch, time(NULL), set_time);

	if (r < 0)
		log_warning("the clock can't be set: %s", strerror(-r));
	else if (r > 0)
		log_info("the clock was before the system's date and was set to it");
}

int step_identity(struct boot *b, struct error *err)
{
	uint8_t id[16];
	char text[2 * sizeof(id) + 2];
	int r;

	set_clock(b->info.epoch);
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return fail(err, -EIO, "No random numbers for the machine's identity");
	/* A random UUID of version 4, as machine-id(5) demands. */
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	hex_encode(id, sizeof(id), text);
	strcat(text, "\n");
	r = write_file_at(AT_FDCWD, ROOT_DIR "/etc/machine-id", text, strlen(text), 0444);
	return r < 0 ? fail(err, r, "The machine's identity can't be written: %s",
			    strerror(-r))
		     : 0;
}
