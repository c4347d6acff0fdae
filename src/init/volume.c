/* SPDX-License-Identifier: MIT */
/* Steps that find the encrypted volume and open it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/find.h"
#include "init/keymap.h"
#include "init/prompt.h"

#define TRIES 3
#define PAUSE_SECONDS 5

int step_find(struct boot *b, struct error *err)
{
	int r = find_volume(b->consoles, &b->partition, err);

	/* Also one whose installation was interrupted. */
	b->outcome->installed = b->partition.node[0] && !b->partition.medium;
	if (r == 0)
		log_info("volume %s (%s), %s", b->partition.node, b->partition.model,
			 b->partition.medium ? "medium" : "installed");
	return r;
}

int step_header(struct boot *b, struct error *err)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_free_ char *path = xasprintf("/dev/%s", b->partition.node);
	int r = volume_open_header(path, VOLUME_NAME, &b->volume, err);

	if (r < 0)
		return r;
	name = volume_keymap(b->volume);
	if (name && keymap_allowed(name, b->settings.keymaps))
		keymap_load(name);
	else if (name)
		log_warning("the disk asks for a keymap that isn't in the boot image");
	return 0;
}

/* The password of media, as a secret like any other; NULL when there is none. */
struct secret *generic_password(const struct boot *b)
{
	const char *text = b->settings.generic_password;

	return text && text[0] && strlen(text) <= SECRET_MAX ? secret_of(text) : NULL;
}

static bool is_generic(const struct boot *b, const struct secret *password)
{
	_cleanup_secret_ struct secret *generic = generic_password(b);

	return generic && secret_equal(password, generic);
}

/* Returns 1 when the volume is open now, 0 when the password is wrong. */
static int try_password(struct boot *b, struct secret *password, struct error *err)
{
	int r;

	/* Somebody may have given it a slot. To believe that would let everybody in; to
	 * take the disk for one without owner would have the first start wipe it. */
	if (b->owned && is_generic(b, password)) {
		consoles_say(b->consoles,
			     "That is the password that every medium comes with: it "
			     "doesn't open a disk that has an owner.");
		return 0;
	}
	r = volume_unlock_typed(b->volume, password, b->partition.medium, err);
	if (r == -EPERM)
		return 0;
	if (r < 0)
		return r;
	b->open = true;
	b->slot = r;
	b->opener = volume_opener(b->volume, r);
	if (is_generic(b, password)) {
		b->opener = OPENER_GENERIC;
		b->owned = false;
		b->outcome->public_only = true;
	}
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

/* Only looks: nothing is opened while the TPM would still answer. */
int step_owner(struct boot *b, struct error *err)
{
	_cleanup_secret_ struct secret *generic = generic_password(b);
	int r;

	if (b->partition.medium)
		return 0;
	r = load_crypto(b, err);
	if (r < 0)
		return r;
	b->owned = !generic || volume_public_slot(b->volume, generic) < 0;
	log_info("volume %s: %s", b->partition.node,
		 b->owned ? "it has an owner" : "it has no owner yet");
	return 0;
}

int step_public_password(struct boot *b, struct error *err)
{
	_cleanup_secret_ struct secret *generic = generic_password(b);
	int r = load_crypto(b, err);

	if (r < 0 || b->owned || b->open || !generic)
		return r;
	r = try_password(b, generic, err);
	return r < 0 ? r : 0;
}

struct asking {
	const char *text;
	const int *watch;
	bool may_refuse; /* Enter alone is an answer */
	bool by_key;	 /* and here it means the security key */
	unsigned seconds;
	/* 1 when what was typed is enough, 0 when it is wrong. */
	int (*try)(struct boot *b, struct secret *typed, struct error *err);
};

static void say_wrong(struct boot *b)
{
	consoles_say(b->consoles, "That password doesn't open the disk.");
	if (++b->wrong % TRIES)
		return;
	consoles_say(b->consoles, "Try again in %d seconds.", PAUSE_SECONDS);
	poll(NULL, 0, PAUSE_SECONDS * 1000);
}

/* Positive when the right one was typed, 0 when a security key has opened the disk.
 * -ECANCELED, -EPERM and -ETIME without words: `watch`, Enter alone, and nobody there. */
static int ask(struct boot *b, const struct asking *a, struct secret *answer,
	       struct error *err)
{
	const struct question q = {.text = a->text,
				   .hidden = true,
				   .seconds = a->seconds,
				   .watch = a->watch};

	for (;;) {
		int r = prompt(b->consoles, &q, answer, NULL);

		if (r == -ECANCELED || r == -ETIME)
			return r;
		if (r < 0)
			return fail(err, r,
				    "The disk needs a password, and there is no console "
				    "to type it on");
		if (answer->size == 0 && a->may_refuse)
			return -EPERM;
		if (answer->size == 0 && a->by_key) {
			r = ask_security_key(b, err);
			if (r != 0)
				return MIN(r, 0);
		}
		if (answer->size == 0)
			continue;
		r = a->try(b, answer, err);
		if (r != 0)
			return r;
		say_wrong(b);
	}
}

const char *disk_name(const struct boot *b)
{
	return b->partition.model[0] ? b->partition.model : b->partition.node;
}

int ask_password(struct boot *b, const int *watch, struct error *err)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	bool by_key = !b->partition.medium && volume_has_key(b->volume);
	_cleanup_free_ char *text =
		xasprintf("Password for %s (%s)%s:",
			  b->partition.medium ? "this AtomOS medium" : "this AtomOS disk",
			  disk_name(b), by_key ? ", or Enter for the security key" : "");
	const struct asking a = {
		.text = text, .watch = watch, .by_key = by_key, .try = try_password};
	int r = ask(b, &a, answer, err);

	if (r > 0)
		b->proof = TAKE_PTR(answer);
	return r < 0 ? r : 0;
}

/* Of the owner: neither the public password counts nor what only a device knows. */
static int try_proof(struct boot *b, struct secret *typed, struct error *err)
{
	int r = volume_prove(b->volume, typed, err);
	enum opener opener;

	if (r < 0)
		return r == -EPERM ? 0 : r;
	opener = volume_opener(b->volume, r);
	return !is_generic(b, typed) &&
	       (opener == OPENER_PASSWORD || opener == OPENER_RECOVERY);
}

int ask_proof(struct boot *b, const char *text, unsigned seconds, struct secret **ret,
	      struct error *err)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct asking a = {
		.text = text, .may_refuse = true, .seconds = seconds, .try = try_proof};
	int r = ask(b, &a, answer, err);

	if (r < 0)
		return r;
	*ret = TAKE_PTR(answer);
	return 0;
}

int ask_yes(struct boot *b, const char *text, unsigned seconds)
{
	_cleanup_secret_ struct secret *answer = secret_new();
	const struct question q = {.text = text, .seconds = seconds};
	int r = prompt(b->consoles, &q, answer, NULL);

	return r == -ETIME ? r : r == 0 && streq(answer->data, "yes");
}

int step_password(struct boot *b, struct error *err)
{
	int r = b->open ? 0 : ask_password(b, NULL, err);

	secret_free(TAKE_PTR(b->proof));
	return r;
}
