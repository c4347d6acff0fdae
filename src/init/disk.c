/* SPDX-License-Identifier: MIT */
/* Steps that mount what an owner's disk keeps: state and homes. Neither stops a boot:
 * what can't be mounted is said. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "init/boot.h"
#include "init/find.h"
#include "init/kept.h"

#define KEPT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOATIME)
/* Nothing in it is run but where the configuration says so: see kept_bind. */
#define STATE_FLAGS (KEPT_FLAGS | MS_NOEXEC)
#define HOME_DIR ROOT_DIR "/home"
#define HOME_KEY STATE_DIR "/atomos/home.key"
#define HOME_KEY_SIZE 64

static int mount_state(struct error *err)
{
	int fd;

	(void)mkdir(STATE_DIR, 0700);
	if (mount(VOLUME_DEVICE, STATE_DIR, "btrfs", STATE_FLAGS, "subvol=state") < 0)
		return fail(err, -errno, "%m");
	if (chmod(STATE_DIR, 0700) < 0 ||
	    (mkdir(STATE_DIR "/root", 0755) < 0 && errno != EEXIST))
		return fail(err, -errno, "%m");
	fd = open(STATE_DIR "/root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail(err, -errno, "%m") : fd;
}

int step_disk(struct boot *b, struct error *err _unused_)
{
	struct error e;

	if (!b->owned)
		return 0;
	b->state = mount_state(&e);
	if (b->state < 0)
		consoles_say(b->consoles,
			     "This machine's settings and data can't be mounted (%s): it "
			     "starts without them, and what is changed now will be lost.",
			     e.message);
	return 0;
}

static int read_home_key(struct secret *ret, struct error *err)
{
	_cleanup_close_ int fd =
		open(HOME_KEY, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : read_full(fd, ret->data, HOME_KEY_SIZE + 1);

	if (n == HOME_KEY_SIZE) {
		ret->size = HOME_KEY_SIZE;
		return 0;
	}
	return n < 0 ? fail(err, (int)n, "its key can't be read: %s", strerror((int)-n))
		     : fail(err, -EBADMSG, "its key has another length than 64 bytes");
}

static int open_home(const char *node, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_free_ char *path = xasprintf("/dev/%s", node);
	int r = read_home_key(key, err);

	if (r == 0)
		r = volume_open_header(path, HOME_NAME, &v, err);
	if (r == 0)
		r = volume_unlock(v, key, false, err);
	if (r == -EPERM)
		return fail(err, r, "its key doesn't open it");
	return r < 0 ? r : 0;
}

static int mount_home(struct boot *b, const char *node, struct error *err)
{
	int r = open_home(node, err);

	if (r < 0)
		return r;
	mend_superblock(b, HOME_DEVICE, "the homes");
	if (mkdir(HOME_DIR, 0755) < 0 && errno != EEXIST)
		return fail(err, -errno, "%m");
	if (mount(HOME_DEVICE, HOME_DIR, "btrfs", KEPT_FLAGS, NULL) < 0)
		return fail(err, -errno, "%m");
	return 0;
}

int step_home(struct boot *b, struct error *err _unused_)
{
	char node[64];
	struct error e;

	if (b->state < 0)
		return 0;
	if (!find_home(b->partition.disk, node)) {
		consoles_say(b->consoles, "The disk has no partition for homes: nobody's "
					  "home is there in this start.");
		return 0;
	}
	if (mount_home(b, node, &e) < 0)
		consoles_say(b->consoles,
			     "The partition for homes (%s) can't be used: %s. Nobody's "
			     "home is there in this start.",
			     node, e.message);
	else
		b->home_mounted = true;
	return 0;
}
