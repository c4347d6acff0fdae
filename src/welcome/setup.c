/* SPDX-License-Identifier: MIT */
/* The order in which a machine becomes its owner's. */
#include "base/alloc.h"
#include "base/macro.h"
#include "welcome/setup.h"

static const struct {
	const char *what;
	int (*run)(struct setup *s, struct error *err);
} steps[] = {
	{"Looking at the disk's slots", setup_clear_slots},
	{"Making the state", setup_state},
	{"Making the encrypted partition for homes", setup_home},
	{"Moving the state from memory to the disk", setup_adopt},
	{"Noting language, keyboard and time zone", setup_choices},
	{"Making the account and its encrypted home", setup_account},
	{"Adding the password and the recovery key to the disk", setup_slots},
	{"Sealing the key of this machine", setup_owner_key},
	{"Writing everything to the disk", setup_sync},
	{"Taking the generic password away", setup_close},
	{"Noting that this machine has an owner", setup_tell},
};

int setup_run(struct setup *s, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("/dev/%s", s->boot->partition);
	int r = header_open(path, &s->header, err);

	for (size_t i = 0; i < ELEMENTSOF(steps) && r == 0; i++) {
		s->say(s->context, i, ELEMENTSOF(steps), steps[i].what);
		r = steps[i].run(s, err);
	}
	header_free(TAKE_PTR(s->header));
	return r;
}
