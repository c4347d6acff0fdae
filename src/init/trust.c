/* SPDX-License-Identifier: MIT */
/* Steps that weigh the system against what the machine remembers of its owner's disk. */
#include <errno.h>
#include <inttypes.h>

#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/kept.h"
#include "init/owner-keys.h"

/* Below the state: this machine's own key, and others that its owner trusts. */
static const char *const key_files[] = {"atomos/owner/public-key",
					"atomos/owner/trusted-keys"};

#define START_IT "To start it all the same, type "
#define ENTER ", or press Enter:"

/* Nothing in the state is followed: see kept.h. */
static int read_keys(int state, const char *path, char ret[static TRUSTED_KEYS_TEXT_MAX])
{
	_cleanup_close_ int fd = open_inside(state, path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? fd : read_full(fd, ret, TRUSTED_KEYS_TEXT_MAX);

	return (int)n;
}

static void refuse(struct boot *b, char *const *names)
{
	for (char *const *n = names; n && *n; n++) {
		consoles_say(
			b->consoles,
			"The key %s on this disk isn't one that its owner made known "
			"to this machine: systems that it signed aren't started.",
			*n);
		b->refused_keys = strv_add(b->refused_keys, *n);
	}
}

/* What is missing or odd only means that its systems aren't started: that is said when
 * one of them should be. */
static void take_keys(struct boot *b, int state, const char *path)
{
	static const struct pin nothing = {0};
	const struct pin *pin = owners_pin(b);
	_cleanup_free_ char *text = xmalloc(TRUSTED_KEYS_TEXT_MAX);
	_cleanup_strv_ char **refused = NULL;
	int n = read_keys(state, path, text);
	struct error err;

	if (n == -ENOENT)
		return;
	if (n < 0)
		fail(&err, n, "%s", strerror(-n));
	else
		n = owner_keys_add(&b->settings.keys, text, (size_t)n,
				   pin ? pin : &nothing, &refused, &err);
	if (n < 0)
		consoles_say(b->consoles,
			     "The owner's keys on this disk (%s) can't be used: %s.",
			     path, err.message);
	refuse(b, refused);
}

int step_trust(struct boot *b, struct error *err _unused_)
{
	_cleanup_close_ int state =
		b->state < 0 ? -EBADF
			     : open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ELEMENTSOF(key_files) && state >= 0; i++)
		take_keys(b, state, key_files[i]);
	return 0;
}

/* Whether the owner wants this older system; negative when nobody can be asked. */
static int ask_owner(struct boot *b, enum weighing how, struct error *err)
{
	_cleanup_secret_ struct secret *typed = NULL;
	int r;

	if (how == RELEASE_ASK_YES)
		return ask_yes(b, START_IT "yes" ENTER, 0);
	r = ask_proof(b, START_IT "a password or recovery key of this disk" ENTER, 0,
		      &typed, err);
	return r == -EPERM ? 0 : r < 0 ? r : 1;
}

static int weigh_release(struct boot *b, struct error *err)
{
	const struct pin *pin = owners_pin(b);
	enum weighing how = protection_weigh(pin, b->info.release, b->opener);
	int r;

	if (how == RELEASE_GOOD)
		return 0;
	if (!pin)
		return fail(err, -EPERM,
			    "A security key has opened the disk, and nothing told which "
			    "systems this machine may start: try again and type a "
			    "password");
	consoles_say(b->consoles,
		     "The disk holds release %" PRIu64 " of %s, and this machine starts "
		     "none below release %" PRIu64 " by itself: somebody may have put an "
		     "old one back.",
		     b->info.release, b->info.product, pin->lowest_release);
	r = ask_owner(b, how, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return fail(err, -EPERM,
		    "The disk holds release %" PRIu64 " of %s, below release %" PRIu64
		    ", and its owner didn't ask for it: start the newer system, or try "
		    "again and type the password",
		    b->info.release, b->info.product, pin->lowest_release);
}

int step_release(struct boot *b, struct error *err)
{
	int r = weigh_release(b, err);

	/* The keys of the slots and the copied header aren't needed any more. */
	volume_free(TAKE_PTR(b->volume));
	return r;
}
