/* SPDX-License-Identifier: MIT */
/* Puts a system on a disk: the order of the steps. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "image/gpt.h"
#include "install/boot-entry.h"
#include "install/boot-files.h"
#include "install/container.h"
#include "install/fill.h"
#include "install/install.h"
#include "install/kernel-part.h"
#include "install/old-pin.h"
#include "install/table.h"
#include "install/unchanged.h"
#include "install/write.h"

#define WORK "/run/atomos/install"
#define LOCK_FILE "/run/atomos/install.lock"
#define ESP_FILE WORK "/esp.img"
/* FAT's tables lie here, and must be empty where the file has holes. */
#define ESP_ALL (16ULL << 20)
#define LOCK_TRIES 20
#define LOCK_PAUSE 500 /* milliseconds */

enum part {
	PART_ESP,
	PART_BIOS,
	PART_ROOT,
	PARTS,
};

struct work {
	const struct install_options *options;
	struct table_entry parts[PARTS];
	struct layout layout;
	struct container container;
	uint64_t bytes;
	struct secret *key;
	int lock;	      /* of the disk */
	struct error old_pin; /* why the TPM keeps it */
};

static void tell(const struct work *w, const char *what)
{
	if (w->options->progress)
		w->options->progress(w->options->progress_context, 0, 0, what);
}

static int name_parts(struct work *w, struct error *err)
{
	const struct layout *l = &w->layout;
	const struct table_entry parts[] = {
		[PART_ESP] = {GPT_ESP, "esp", "", l->esp},
		[PART_BIOS] = {GPT_BIOS_BOOT, "bios", "", l->bios},
		[PART_ROOT] = {w->options->whole ? GPT_UNFINISHED_ROOT
						 : GPT_INSTALLED_ROOT,
			       "atomos", "", l->root}};
	int r = 0;

	memcpy(w->parts, parts, sizeof(parts));
	for (size_t i = 0; r == 0 && i < PARTS; i++)
		r = guid_random(w->parts[i].uuid, err);
	return r;
}

/* As systemd's block device locking wants it: udev looks at the disk when we are done,
 * and others that partition stay away. udev itself holds the lock while it looks. */
static int lock_disk(struct work *w, struct error *err)
{
	const char *disk = w->options->disk;

	w->lock = open(disk, O_RDWR | O_CLOEXEC);
	if (w->lock < 0)
		return fail(err, -errno, "Can't open %s: %m", disk);
	for (int i = 0; flock(w->lock, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES)
			return fail(err, -EBUSY,
				    "Another program is changing %s: wait until it is "
				    "done, then try again",
				    disk);
		poll(NULL, 0, LOCK_PAUSE);
	}
	return 0;
}

/* Nobody else may use the disk. Held for a moment only: the volume is opened by the
 * kernel itself. */
static int claim(struct work *w, struct error *err)
{
	const char *disk = w->options->disk;
	_cleanup_close_ int only = -EBADF;
	int r = lock_disk(w, err);

	if (r == 0)
		r = disk_unchanged(w->lock, w->options, err);
	if (r < 0)
		return r;
	/* Beside another system its partitions may be in use. */
	if (!w->options->whole)
		return 0;
	only = open(disk, O_RDWR | O_EXCL | O_CLOEXEC);
	return only < 0 ? fail(err, -errno,
			       "%s is in use (%m): unmount what is on it, or restart",
			       disk)
			: 0;
}

/* What can fail without the disk does so before anything is written. */
static int prepare(struct work *w, struct error *err)
{
	const struct install_options *o = w->options;
	const struct boot_files files = {.source = o->source,
					 .directory = WORK,
					 .esp = ESP_FILE,
					 .seed = w->parts[PART_ESP].uuid,
					 .size = w->layout.esp.size,
					 .disk = o->disk,
					 .release = o->release};
	int r;

	tell(w, "Checking the boot image");
	/* What an interrupted one left. */
	r = container_close(err);
	kernel_part_drop(o->disk);
	if (r == 0)
		r = claim(w, err);
	if (r < 0)
		return r;
	r = remove_tree_at(AT_FDCWD, WORK);
	if (r == 0)
		r = make_parents_at(AT_FDCWD, WORK "/x");
	if (r < 0 || chmod(WORK, 0700) < 0)
		return fail(err, r < 0 ? r : -errno, "Can't work in " WORK);
	w->container = (struct container){.disk = o->disk,
					  .region = w->layout.root,
					  .password = o->password,
					  .keymap = o->keymap,
					  .answers = o->answers,
					  .directory = WORK};
	r = boot_files_make(&files, err);
	/* What the TPM doesn't seal is known now. */
	return r < 0 ? r : container_prepare(&w->container, &w->key, err);
}

static int write_esp(const struct work *w, struct error *err)
{
	const char *path = w->options->disk;
	_cleanup_close_ int disk = open(path, O_WRONLY | O_CLOEXEC);
	int r;

	if (disk < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	r = write_region(disk, w->layout.esp.start, ESP_FILE, w->layout.esp.size, ESP_ALL,
			 err);
	if (r == 0 && fsync(disk) < 0)
		r = fail(err, -errno, "Can't write %s: %m", path);
	unlink(ESP_FILE);
	return r;
}

/* From here on the disk says what is going on when it is started. */
static int begin(struct work *w, struct error *err)
{
	struct gpt old;
	int r = 0;

	tell(w, "Writing the boot image");
	if (w->options->whole) {
		/* As long as they can be told by their partitions. */
		if (gpt_read(w->lock, &old, NULL) < 0)
			old.count = 0;
		r = table_replace(w->options->disk, w->parts, PARTS, err);
		if (r == 0)
			boot_entries_remove(&old);
		/* Interrupted, the disk no longer tells whose pin it was: the next try
		 * would leave it alone, as that of another disk. */
		if (r == 0 && w->options->old_pin == OLD_PIN_DISK)
			(void)old_pin_remove(&w->old_pin);
	}
	return r < 0 ? r : write_esp(w, err);
}

static int fill_in(struct work *w, struct error *err)
{
	const struct install_options *o = w->options;
	const struct fill f = {.source = o->source,
			       .device = CONTAINER_DEVICE,
			       .directory = WORK "/root",
			       .nix_environment = o->nix_environment,
			       .progress = o->progress,
			       .progress_context = o->progress_context};
	struct error ignored;
	int r = container_write(&w->container, err);

	if (r == 0)
		r = container_open(&w->container, w->key, err);
	if (r < 0)
		return r;
	r = fill_run(&f, &w->bytes, err);
	/* The first failure is the one to be told. */
	if (container_close(r < 0 ? &ignored : err) < 0 && r == 0)
		r = err ? err->code : -EIO;
	return r;
}

static int fill(struct work *w, struct error *err)
{
	const struct install_options *o = w->options;
	_cleanup_free_ char *part = NULL;
	int r;

	if (o->whole)
		return fill_in(w, err);
	/* Beside what is in use nobody may have the whole disk. */
	r = kernel_part_add(o->disk, &w->layout.root, &part, err);
	if (r < 0)
		return r;
	w->container.part = part;
	r = fill_in(w, err);
	kernel_part_drop(o->disk);
	return r;
}

static int sync_disk(const struct work *w, struct error *err)
{
	_cleanup_close_ int fd = open(w->options->disk, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return fail(err, -errno, "Can't write %s: %m", w->options->disk);
	return 0;
}

/* The one moment from which on it is a system. */
static int finish(struct work *w, struct install_result *ret, struct error *err)
{
	const struct install_options *o = w->options;
	const char *esp = w->parts[PART_ESP].uuid;
	int r;

	tell(w, "Switching the partition table");
	r = sync_disk(w, err);
	/* Cut between the two, a password has the other disk's TPM told anew; the other
	 * way round the new disk's start would find the pin of another one. */
	if (r == 0 && o->old_pin == OLD_PIN_OTHER)
		(void)old_pin_remove(&w->old_pin);
	/* What fails from here on may have come as far as the disk. */
	ret->switched = r == 0;
	if (r == 0 && o->whole)
		r = table_set_type(o->disk, w->parts[PART_ROOT].uuid, GPT_INSTALLED_ROOT,
				   err);
	else if (r == 0)
		r = table_append(o->disk, w->parts, PARTS, err);
	if (r == 0)
		r = sync_disk(w, err);
	if (r == 0 && !table_reread(o->disk))
		log_info("The running system sees the new partitions of %s after a "
			 "restart only.",
			 o->disk);
	if (r == 0)
		ret->boot_entry = boot_entry_add(o->disk, esp);
	return r;
}

static int install(struct work *w, struct install_result *ret, struct error *err)
{
	const struct layout_needs needs = {source_size(w->options->source),
					   w->options->home_minimum};
	int r = layout_make(&w->options->space, &needs, &w->layout, err);

	if (r == 0)
		r = name_parts(w, err);
	if (r == 0)
		r = prepare(w, err);
	if (r == 0)
		r = begin(w, err);
	if (r == 0)
		r = fill(w, err);
	if (r == 0)
		r = finish(w, ret, err);
	ret->layout = w->layout;
	ret->bytes = w->bytes;
	ret->old_pin = w->old_pin;
	return r;
}

/* Directory and volume have one name each. Returns what holds the lock. */
static int lock_all(struct error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r = make_parents_at(AT_FDCWD, LOCK_FILE);

	if (r == 0)
		fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		r = r < 0 ? r : -errno;
		return fail(err, r,
			    "Can't use " LOCK_FILE
			    " (%s): it takes root's rights and a /run that can be "
			    "written to",
			    strerror(-r));
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fail(err, -EBUSY,
			    "Another installation is going on: wait until it is done");
	return TAKE_FD(fd);
}

int install_run(const struct install_options *o, struct install_result *ret,
		struct error *err)
{
	struct work w = {.options = o, .lock = -EBADF};
	_cleanup_close_ int only = lock_all(err);
	int r;

	*ret = (struct install_result){0};
	if (only < 0)
		return only;
	/* What is mounted is seen by us and our programs only, and gone with us. */
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail(err, -errno, "Can't install (%m): it takes root's rights");
	r = install(&w, ret, err);
	secret_free(w.key);
	close_fdp(&w.lock);
	remove_tree_at(AT_FDCWD, WORK);
	return r;
}
