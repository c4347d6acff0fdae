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
#include "init/kept.h"

#define NIX_IN_ROOT ROOT_DIR "/nix"
#define TABLE_MAX (4U << 20)
#define MACHINE_ID "/etc/machine-id"
#define IDENTITY_SIZE 33 /* with the line's end */

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

/* What doesn't work is said, and lives in memory this time: the machine starts. */
static void or_say(struct boot *b, int r, const struct error *err)
{
	if (r < 0)
		consoles_say(b->consoles, "%s. What is changed there now will be lost.",
			     err->message);
}

static void keep_directory(struct boot *b, int root, const struct state_directory *d)
{
	_cleanup_close_ int fd = -EBADF;
	struct error err;
	int r = kept_directory(b->state, root, d->path, &fd, &err);

	if (r == 0)
		r = kept_bind(fd, root, d->path, d->execute, &err);
	or_say(b, r, &err);
}

static void keep_file(struct boot *b, int root, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	struct error err;
	int r = kept_file(b->state, root, path, &fd, &err);

	if (r == 0)
		r = kept_bind(fd, root, path, false, &err);
	or_say(b, r, &err);
}

/* The identity is read only now, by step_identity: over a mount systemd would think that
 * it still has to write it down. */
static void keep_all(struct boot *b, int root)
{
	for (size_t i = 0; i < b->info.directory_count; i++)
		keep_directory(b, root, &b->info.directories[i]);
	for (char **f = b->info.files; f && *f; f++)
		if (!streq(*f, MACHINE_ID))
			keep_file(b, root, *f);
	if (syncfs(b->state) < 0)
		log_warning("the state can't be written: %m");
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
	if (r == 0 && b->state >= 0)
		keep_all(b, root);
	return r;
}

static int set_time(const struct timeval *v)
{
	return settimeofday(v, NULL);
}

/* When this system was last seen running: files that it writes again and again. */
static uint64_t last_seen(int state)
{
	static const char *const files[] = {"var/lib/systemd/timesync/clock",
					    "var/lib/systemd/random-seed"};
	uint64_t newest = 0;

	for (size_t i = 0; state >= 0 && i < ELEMENTSOF(files); i++) {
		_cleanup_close_ int fd = open_inside(state, files[i], O_PATH);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_mtime > 0)
			newest = MAX(newest, (uint64_t)st.st_mtime);
	}
	return newest;
}

static void set_clock(uint64_t epoch)
{
	int r = clock_not_before(epoch, time(NULL), set_time);

	if (r < 0)
		log_warning("the clock can't be set: %s", strerror(-r));
	else if (r > 0)
		log_info(
			"the clock was before the system's date or its last run, and was "
			"set to it");
}

static int new_identity(char ret[static IDENTITY_SIZE + 1], struct error *err)
{
	uint8_t id[16];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return fail(err, -EIO, "No random numbers for the machine's identity");
	/* A random UUID of version 4, as machine-id(5) demands. */
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	hex_encode(id, sizeof(id), ret);
	strcat(ret, "\n");
	return 0;
}

/* The kept identity, or false. */
static bool kept_identity(int state, char ret[static IDENTITY_SIZE + 1])
{
	_cleanup_close_ int fd =
		state < 0 ? -EBADF : open_inside(state, &MACHINE_ID[1], O_RDONLY);
	uint8_t id[16];

	if (fd < 0 || read_full(fd, ret, IDENTITY_SIZE) != IDENTITY_SIZE)
		return false;
	ret[IDENTITY_SIZE - 1] = 0;
	if (hex_decode(ret, id, sizeof(id)) < 0)
		return false;
	ret[IDENTITY_SIZE - 1] = '\n';
	ret[IDENTITY_SIZE] = 0;
	return true;
}

static void keep_identity(struct boot *b, const char *text)
{
	_cleanup_close_ int etc = -EBADF;
	int r;

	(void)mkdirat(b->state, "etc", 0755);
	etc = open_inside(b->state, "etc", O_RDONLY | O_DIRECTORY);
	r = etc < 0 ? etc : write_file_at(etc, "machine-id", text, strlen(text), 0444);
	if (r == 0 && syncfs(etc) < 0)
		r = -errno;
	if (r < 0)
		consoles_say(b->consoles,
			     "The machine's identity can't be kept: %s. Homes may be "
			     "unusable in this start.",
			     strerror(-r));
}

int step_identity(struct boot *b, struct error *err)
{
	char text[IDENTITY_SIZE + 1];
	int r = 0;

	set_clock(MAX(b->info.epoch, last_seen(b->state)));
	if (!kept_identity(b->state, text)) {
		r = new_identity(text, err);
		if (r == 0 && b->state >= 0)
			keep_identity(b, text);
	}
	if (r < 0)
		return r;
	r = write_file_at(AT_FDCWD, ROOT_DIR MACHINE_ID, text, strlen(text), 0444);
	return r < 0 ? fail(err, r, "The machine's identity can't be written: %s",
			    strerror(-r))
		     : 0;
}
