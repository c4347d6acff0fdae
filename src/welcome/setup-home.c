/* SPDX-License-Identifier: MIT */
/* The partition of the homes: made by systemd-repart, encrypted with a key of its own. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcryptsetup.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "image/gpt.h"
#include "welcome/setup.h"
#include "welcome/volume.h"

#define BLOCK "/sys/class/block"
#define HOME_DIR "/home"
#define HOME_NEW "/run/atomos/home-new"
/* How long the kernel and udev may take to show a new partition. */
#define NODE_TRIES 100
#define NODE_PAUSE 100

#define RUN(err, ...) process_do((const char *const[]){__VA_ARGS__, NULL}, err)

/* A new key, on the disk before anything is encrypted with it. */
static int make_key(struct secret **ret, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();
	int r;

	if (getrandom(key->data, VOLUME_KEY_SIZE, 0) != VOLUME_KEY_SIZE)
		return fail(err, -EIO, "The kernel gives no random numbers");
	key->size = VOLUME_KEY_SIZE;
	r = write_file_at(AT_FDCWD, HOME_KEY, key->data, key->size, 0600);
	if (r < 0)
		return fail(err, r, "%s can't be written: %s", HOME_KEY, strerror(-r));
	r = sync_file_system(STATE_DIR);
	if (r < 0)
		return fail(err, r, "%s can't be written: %s", HOME_KEY, strerror(-r));
	*ret = TAKE_PTR(key);
	return 0;
}

/* The homes of a second system would be these: making them anew would be the other one's
 * loss. */
static int check_alone(const char *disk, struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);
	struct gpt gpt;
	size_t systems = 0;
	int r = fd < 0 ? fail(err, -errno, "%s: %m", disk) : gpt_read(fd, &gpt, err);

	for (size_t i = 0; r == 0 && i < gpt.count; i++)
		systems += streq(gpt.partitions[i].type, GPT_INSTALLED_ROOT);
	if (systems > 1)
		r = fail(err, -EEXIST,
			 "%s has %zu installed systems, and their homes would be one "
			 "partition: start a medium and delete the partitions of all but "
			 "one",
			 disk, systems);
	return r;
}

static int find_start(const char *disk, uint64_t *ret, struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);
	const struct gpt_partition *p;
	struct gpt gpt;
	int r = fd < 0 ? fail(err, -errno, "%s: %m", disk) : gpt_read(fd, &gpt, err);

	if (r < 0)
		return r;
	p = gpt_find(&gpt, GPT_HOME);
	if (!p)
		return fail(err, -ENOSPC,
			    "The disk %s has no room for a partition of homes", disk);
	*ret = p->start;
	return 0;
}

/* The device of the partition, once it is there. */
static int find_partition(const char *name, const char *disk, char **ret,
			  struct error *err)
{
	uint64_t start;
	int r = find_start(disk, &start, err);

	for (int i = 0; i < NODE_TRIES && r == 0; i++) {
		_cleanup_free_ char *node = volume_node(BLOCK, name, start),
				    *path = node ? xasprintf("/dev/%s", node) : NULL;

		if (path && access(path, F_OK) == 0) {
			*ret = TAKE_PTR(path);
			return 0;
		}
		poll(NULL, 0, NODE_PAUSE);
	}
	return r < 0 ? r
		     : fail(err, -ENODEV, "The new partition of %s isn't there", disk);
}

static int mount_at(const char *where, struct error *err)
{
	if (mount(HOME_DEVICE, where, "btrfs", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL) <
	    0)
		return fail(err, -errno, "The homes can't be mounted: %m");
	return 0;
}

/* Homes that the configuration made in memory move along. */
static int fill(struct error *err)
{
	int r;

	if (mkdir(HOME_NEW, 0700) < 0 && errno != EEXIST)
		return fail(err, -errno, "%s: %m", HOME_NEW);
	r = mount_at(HOME_NEW, err);
	if (r < 0)
		return r;
	r = RUN(err, "cp", "-a", "--one-file-system", "-T", HOME_DIR, HOME_NEW);
	(void)umount(HOME_NEW);
	(void)rmdir(HOME_NEW);
	return r < 0 ? r : mount_at(HOME_DIR, err);
}

/* What an earlier try of this boot left open. */
static void close_old(void)
{
	(void)umount2(HOME_NEW, MNT_DETACH);
	(void)umount2(HOME_DIR, 0);
	if (access(HOME_DEVICE, F_OK) == 0)
		(void)crypt_deactivate(NULL, HOME_MAPPER);
}

int setup_home(struct setup *s, struct error *err)
{
	_cleanup_free_ char *disk = xasprintf("/dev/%s", s->boot->disk), *node = NULL,
			    *definitions =
				    xasprintf("--definitions=%s", s->config->repart);
	_cleanup_secret_ struct secret *key = NULL;
	int r;

	r = check_alone(disk, err);
	if (r < 0)
		return r;
	close_old();
	r = make_key(&key, err);
	if (r == 0)
		r = RUN(err, "systemd-repart", definitions, "--dry-run=no", "--no-pager",
			disk);
	/* The kernel reads no whole table anew while a part of the disk is in use. */
	if (r == 0)
		r = RUN(err, "partx", "--update", disk);
	if (r == 0)
		r = find_partition(s->boot->disk, disk, &node, err);
	if (r == 0)
		r = volume_format(node, "atomos-home", key, err);
	if (r == 0)
		r = volume_activate(node, HOME_MAPPER, key, err);
	if (r == 0)
		r = RUN(err, "mkfs.btrfs", "--quiet", "--force", "--label", "home",
			HOME_DEVICE);
	return r < 0 ? r : fill(err);
}
