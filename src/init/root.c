/* SPDX-License-Identifier: MIT */
/* Steps that verify the system and copy it into a root in memory. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/workers.h"
#include "core/btrfs-super.h"
#include "init/boot.h"
#include "init/current.h"
#include "init/memory.h"
#include "init/zram.h"

static int read_memory(struct boot *b, struct memory *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int r = read_file_at(AT_FDCWD, "/proc/meminfo", 1 << 20, &text, NULL);

	*ret = (struct memory){.zram = b->zram};
	if (r == 0)
		r = memory_parse(text, ret);
	return r < 0 ? fail(err, r, "The size of the memory can't be read: %s",
			    strerror(-r))
		     : 0;
}

int step_zram(struct boot *b, struct error *err)
{
	struct zram z = {.algorithm = b->settings.zram_algorithm};
	struct memory m;
	struct error e;
	int r = read_memory(b, &m, err);

	if (r < 0 || !b->settings.zram || b->settings.zram_percent == 0)
		return r;
	z.size = m.total / 100 * b->settings.zram_percent & ~4095ULL;
	/* Without it less fits, and the check of the memory says so. */
	if (zram_start(&z, b->modules, &e) < 0)
		log_warning("%s", e.message);
	else
		b->zram = z.size;
	return 0;
}

static int mount_store(bool medium)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOATIME;

	/* Nothing is replayed: a medium stays as it is, byte by byte. */
	if (medium)
		return mount(VOLUME_DEVICE, NIX_DIR, "btrfs", flags | MS_RDONLY,
			     "subvol=nix,rescue=nologreplay");
	/* The file system is writable, for its state; this view of it isn't. */
	if (mount(VOLUME_DEVICE, NIX_DIR, "btrfs", flags, "subvol=nix,compress=zstd:1") <
	    0)
		return -1;
	return mount(NULL, NIX_DIR, NULL, flags | MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

void mend_superblock(struct boot *b, const char *device, const char *what)
{
	_cleanup_close_ int fd = open(device, O_RDWR | O_CLOEXEC);
	int r = fd < 0 ? -errno : btrfs_super_mend(fd);

	if (r > 0)
		consoles_say(
			b->consoles,
			"The first superblock of %s was torn, as a power cut may leave "
			"it; its copy took its place.",
			what);
	else if (r < 0)
		log_warning("%s: superblock: %s", device, strerror(-r));
}

int step_mount(struct boot *b, struct error *err)
{
	int r = modules_load(b->modules, "btrfs", err);

	if (r < 0)
		return r;
	if (!b->partition.medium)
		mend_superblock(b, VOLUME_DEVICE, "the disk's file system");
	(void)mkdir(RUN_DIR, 0755);
	(void)mkdir(NIX_DIR, 0755);
	if (mount_store(b->partition.medium) < 0)
		return fail(
			err, -errno,
			"The file system on the disk can't be mounted (%m): it is "
			"damaged; %s",
			b->partition.medium
				? "write the medium anew or use another one"
				: "another Linux may still read it (btrfs in LUKS, "
				  "opened "
				  "by a password of this disk): save what you need, then "
				  "start the medium again and install anew");
	return 0;
}

static void progress(void *consoles, uint64_t done, uint64_t total)
{
	consoles_progress(consoles, "Verifying and copying the system", done, total);
}

static int read_closure(struct boot *b, struct error *err)
{
	_cleanup_free_ char *path = xasprintf(NIX_DIR "/var/atomos/closures/%s.narinfo",
					      b->system),
			    *text = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, path, CLOSURE_TEXT_MAX, &text, &size);

	if (r < 0)
		return fail(err, r,
			    "The disk has no list of what %s needs (%s): write it anew",
			    b->system, strerror(-r));
	r = closure_parse(text, size, &b->closure, err);
	if (r == 0)
		r = closure_resolve(&b->closure, b->system, &b->settings.keys,
				    &b->trusted, err);
	return r;
}

int step_system(struct boot *b, struct error *err)
{
	struct utsname u;
	int r = current_system(NIX_DIR, b->system, &b->generation, err);

	if (r == 0)
		r = read_closure(b, err);
	if (r < 0)
		return r;
	b->store =
		open(NIX_DIR "/store", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (b->store < 0)
		return fail(err, -errno, "The disk has no store: %m");
	b->engine = (struct engine){.store = b->store,
				    .prefetch = workers_default(),
				    .drop_cache = false,
				    .progress = progress,
				    .progress_context = b->consoles};
	r = load_open(&b->engine, &b->trusted, &b->load, err);
	if (r == 0)
		r = system_info_parse(load_system_json(b->load, NULL), &b->info, err);
	uname(&u);
	return r < 0 ? r
		     : system_info_check(&b->info, b->settings.product, u.release, err);
}

int step_memory(struct boot *b, struct error *err)
{
	struct memory m;
	int r = read_memory(b, &m, err);

	return r < 0 ? r : memory_check(&m, b->info.root_bytes, err);
}

static int mount_root(struct boot *b, struct error *err)
{
	/* Half as many again as the system has: for what is written later. */
	_cleanup_free_ char *options =
		xasprintf("mode=0755,size=%llu%%,nr_inodes=%llu,huge=never",
			  (unsigned long long)b->info.root_percent,
			  (unsigned long long)b->info.entries * 3 / 2 + 100000);

	(void)mkdir(ROOT_DIR, 0755);
	if (mount("tmpfs", ROOT_DIR, "tmpfs", 0, options) < 0)
		return fail(err, -errno, "No memory for the root can be set aside: %m");
	return 0;
}

int step_copy(struct boot *b, struct error *err)
{
	_cleanup_close_ int root = -EBADF;
	int r = mount_root(b, err);

	if (r < 0)
		return r;
	root = open(ROOT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, -errno, "%s: %m", ROOT_DIR);
	r = load_run(b->load, root, &b->loaded, err);
	load_free(TAKE_PTR(b->load));
	if (r < 0)
		return r;
	consoles_say(b->consoles,
		     "%zu paths, %.1f MB verified and copied in %.1f s (%.0f MB/s), "
		     "signed by %s",
		     b->loaded.paths, (double)b->loaded.bytes / 1e6, b->loaded.seconds,
		     b->loaded.seconds > 0
			     ? (double)b->loaded.bytes / 1e6 / b->loaded.seconds
			     : 0,
		     b->loaded.key);
	return 0;
}
