/* SPDX-License-Identifier: MIT */
/* Steps that weigh the system against what the machine remembers of its owner's disk. */
#include <errno.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "init/boot.h"

#define START_IT "To start it all the same, type "
#define ENTER ", or press Enter:"

/* Whether the owner wants this older system; negative when nobody can be asked. */
static int ask_owner(struct boot *b, enum weighing how, struct error *err)
{
	int r;

	if (how == RELEASE_ASK_YES)
		return ask_yes(b, START_IT "yes" ENTER);
	r = ask_proof(b, START_IT "a password or recovery key of this disk" ENTER, err);
	return r == -EPERM ? 0 : r < 0 ? r : 1;
}

static int weigh_release(struct boot *b, struct error *err)
{
	enum weighing how = protection_weigh(b->has_pinned ? &b->pinned : NULL,
					     b->info.release, b->opener);
	int r;

	if (how == RELEASE_GOOD)
		return 0;
	consoles_say(b->consoles,
		     "The disk holds release %" PRIu64 " of %s, and this machine starts "
		     "none below release %" PRIu64 " by itself: somebody may have put an "
		     "old one back.",
		     b->info.release, b->info.product, b->pinned.lowest_release);
	r = ask_owner(b, how, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return fail(err, -EPERM,
		    "The disk holds release %" PRIu64 " of %s, below release %" PRIu64
		    ", and its owner didn't ask for it: start the newer system, or try "
		    "again and type the password",
		    b->info.release, b->info.product, b->pinned.lowest_release);
}

int step_release(struct boot *b, struct error *err)
{
	int r = weigh_release(b, err);

	/* The keys of the slots and the copied header aren't needed any more. */
	volume_free(TAKE_PTR(b->volume));
	return r;
}
