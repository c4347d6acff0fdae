/* SPDX-License-Identifier: MIT */
/* Steps that find the encrypted volume and open it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "init/boot.h"
#include "init/find.h"
#include "init/keymap.h"
#include "init/prompt.h"

#define TRIES 3
#define PAUSE_SECONDS 5

int step_find(struct boot *b, struct error *err)
{
	int r = find_volume(b->consoles, &b->partition, err);

	if (r == 0)
		log_info("volume %s (%s), %s", b->partition.node, b->partition.model,
			 b->partition.medium ? "medium" : "installed");
	return r;
}

int step_header(struct boot *b, struct error *err)
{
	_cleanup_free_ char *name = NULL;
	int r = volume_open_header(b->partition.node, &b->volume, err);

	if (r < 0)
		return r;
	name = volume_keymap(b->volume);
	if (name && keymap_allowed(name, b->settings.keymaps))
		keymap_load(name);
	else if (name)
		log_warning("the disk asks for a keymap that isn't in the boot image");
	return 0;
}

/* Returns 1 when the volume is open now, 0 when the password is wrong. */
static int try_password(struct boot *b, const struct secret *password, struct error *err)
{
	int r = volume_unlock(b->volume, password, b->partition.medium, err);

	if (r == -EPERM)
		return 0;
	if (r < 0)
		return r;
	b->open = true;
	return 1;
}

/* libcryptsetup can't load modules itself here: xts and aes may be built in, or be there
 * in a faster form. */
static int load_crypto(struct boot *b, struct error *err)
{
	struct error e;

	if (modules_load(b->modules, "xts", &e) < 0 ||
	    modules_load(b->modules, "aes", &e) < 0)
		log_debug("%s", e.message);
	return modules_load(b->modules, "dm-crypt", err);
}

int step_public_password(struct boot *b, struct error *err)
{
	_cleanup_secret_ struct secret *password = secret_new();
	int r = load_crypto(b, err);

	if (r < 0 || !b->partition.medium || !b->settings.generic_password)
		return r;
	password->size = strlen(b->settings.generic_password);
	if (password->size > SECRET_MAX)
		return fail(err, -EMSGSIZE,
			    "The boot image's generic password is too long");
	memcpy(password->data, b->settings.generic_password, password->size);
	r = try_password(b, password, err);
	if (r > 0)
		b->outcome->public_only = true;
	return r < 0 ? r : 0;
}

int step_password(struct boot *b, struct error *err)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	_cleanup_free_ char *text =
		xasprintf("Password for %s (%s):",
			  b->partition.medium ? "this AtomOS medium" : "this AtomOS disk",
			  b->partition.model[0] ? b->partition.model : b->partition.node);
	const struct question q = {.text = text, .hidden = true};

	for (unsigned wrong = 0; !b->open;) {
		int r = prompt(b->consoles, &q, answer, NULL);

		if (r < 0)
			return fail(err, r,
				    "The disk needs a password, and there is no console "
				    "to type it on");
		if (answer->size == 0)
			continue;
		r = try_password(b, answer, err);
		if (r < 0)
			return r;
		if (r > 0)
			break;
		consoles_say(b->consoles, "That password doesn't open the disk.");
		if (++wrong % TRIES == 0) {
			consoles_say(b->consoles, "Try again in %d seconds.",
				     PAUSE_SECONDS);
			poll(NULL, 0, PAUSE_SECONDS * 1000);
		}
	}
	/* The keys of the slots and the copied header aren't needed any more. */
	volume_free(TAKE_PTR(b->volume));
	return 0;
}
