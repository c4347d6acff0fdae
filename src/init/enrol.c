/* SPDX-License-Identifier: MIT */
/* Tells the TPM to open a disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "init/enrol.h"
#include "init/json.h"
#include "init/limit.h"
#include "init/luks-shape.h"

#define PROGRAM "systemd-cryptenroll"
#define SLOT_SECONDS 120
#define PIN_SECONDS 20
#define DROP_SECONDS 60

/* What a child is given: secrets as files, since they are empty in it. */
struct work {
	const struct enrol *e;
	int password, tpm_pin; /* negative: none */
};

static void work_done(struct work *w)
{
	close_fdp(&w->password);
	close_fdp(&w->tpm_pin);
}

/* `s` may be NULL. */
static int hand_on(const struct secret *s, const char *what, int *ret, struct error *err)
{
	if (!s)
		return 0;
	*ret = secret_file(s);
	return *ret < 0 ? fail(err, *ret, "the %s can't be handed on: %s", what,
			       strerror(-*ret))
			: 0;
}

static int prepare(const struct enrol *e, struct work *ret, struct error *err)
{
	int r;

	*ret = (struct work){e, -EBADF, -EBADF};
	if (!e->slot)
		return 0;
	r = hand_on(e->password, "password", &ret->password, err);
	return r < 0 ? r : hand_on(e->tpm_pin, "PIN", &ret->tpm_pin, err);
}

static int load(const char *device, struct crypt_device **ret, struct error *err)
{
	int r = crypt_init(ret, device);

	if (r == 0)
		r = crypt_load(*ret, CRYPT_LUKS2, NULL);
	return r < 0 ? fail(err, r, "the slots of %s can't be read: %s", device,
			    strerror(-r))
		     : 0;
}

/* Odd ones, too. */
static bool is_tpms(struct crypt_device *cd, int token)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	const char *json;

	return crypt_token_json_get(cd, token, &json) >= 0 &&
	       json_token(json, "systemd-tpm2", &v) != -ENOENT;
}

/* Whether tokens of the TPM's and others name it: whoever has the disk can have one of
 * the TPM's name the recovery key's slot. */
static bool is_shared(struct crypt_device *cd, int slot)
{
	bool tpms = false, others = false;

	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		if (crypt_token_is_assigned(cd, i, slot) != 0)
			continue;
		if (is_tpms(cd, i))
			tpms = true;
		else
			others = true;
	}
	return tpms && others;
}

/* "Already enrolled" looks at the set of PCRs and the key only: the old slot has to go
 * first. What is at hand was proven to open the disk. */
static int wipe_slots(const char *device, struct enrol_wipe wipe, struct error *err)
{
	_cleanup_free_ char *option = wipe.what == WIPE_ALL
					      ? xstrdup("--wipe-slot=tpm2")
					      : xasprintf("--wipe-slot=%d", wipe.slot);
	const char *const argv[] = {PROGRAM, option, device, NULL};
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	int r = load(device, &cd, err);

	for (int i = 0; r == 0 && i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		if ((wipe.what == WIPE_ALL || i == wipe.slot) && is_shared(cd, i))
			return fail(err, -EBUSY,
				    "slot %d is the TPM's and somebody else's: look at "
				    "'atomos enroll list'",
				    i);
	}
	return r < 0 ? r : process_do(argv, err);
}

/* One slot more than the boot takes, and it would refuse the header from then on. */
static int look_for_room(const char *device, struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	int r = load(device, &cd, err), used = 0;

	if (r < 0)
		return r;
	for (int i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++)
		used += crypt_keyslot_status(cd, i) != CRYPT_SLOT_INACTIVE;
	return used < LUKS_SLOTS_MAX
		       ? 0
		       : fail(err, -ENOSPC,
			      "the disk has room for %d ways to open it and has them "
			      "all, remove one with 'atomos enroll remove'",
			      LUKS_SLOTS_MAX);
}

/* How systemd calls the TPM that libtss2 reaches. */
static char *tpm_name(const struct pin_tpm *t)
{
	return streq(t->driver, "device") ? xstrdup("auto")
					  : xasprintf("%s:%s", t->driver, t->device);
}

static void wiped_freep(char **text)
{
	if (*text)
		wipe(*text, strlen(*text));
	free(*text);
}

/* systemd-cryptenroll takes a PIN from its environment, or asks. Not in a struct secret:
 * that is empty behind the fork that starts it. */
static int run_cryptenroll(const struct work *w, const char *const *argv,
			   struct error *err)
{
	_cleanup_secret_ struct secret *pin = secret_new();
	_cleanup_(wiped_freep) char *now = NULL, *new = NULL;
	const char *environment[3] = {0};
	const struct process p = {.argv = argv, .environment = environment};
	_cleanup_free_ char *output = NULL;

	if (w->tpm_pin >= 0 && secret_read_file(w->tpm_pin, pin) == 0) {
		environment[0] = now = xasprintf("PIN=%s", pin->data);
		environment[1] = new = xasprintf("NEWPIN=%s", pin->data);
	}
	return process_check(&p, &output, NULL, err);
}

/* Runs in a child. */
static int make_slot(void *context, struct error *err)
{
	const struct work *w = context;
	const struct enrol *e = w->e;
	_cleanup_free_ char *tpm = tpm_name(e->tpm),
			    *unlock = w->password >= 0
					      ? xasprintf("--unlock-key-file=/proc/self/"
							  "fd/%d",
							  w->password)
					      : xasprintf("--unlock-tpm2-device=%s", tpm),
			    *device = xasprintf("--tpm2-device=%s", tpm),
			    *key = xasprintf("--tpm2-public-key=%s", e->key),
			    *signature = xasprintf("--tpm2-signature=%s", e->signature);
	const char *const argv[] = {
		PROGRAM,   unlock,
		device,	   "--tpm2-pcrs=7",
		key,	   "--tpm2-public-key-pcrs=11",
		signature, w->tpm_pin >= 0 ? "--tpm2-with-pin=yes" : "--tpm2-with-pin=no",
		e->device, NULL};
	int r = e->wipe.what == WIPE_NOTHING ? 0 : wipe_slots(e->device, e->wipe, err);

	if (r == 0)
		r = look_for_room(e->device, err);
	return r < 0 ? r : run_cryptenroll(w, argv, err);
}

/* Runs in a child. */
static int write_pin(void *context, struct error *err)
{
	const struct work *w = context;

	return pin_tpm_write(w->e->tpm, w->e->pin, err);
}

static int limited(int (*work)(void *, struct error *), struct work *w, unsigned seconds,
		   struct error *err)
{
	const struct limited l = {.work = work, .context = w, .seconds = seconds};
	int r = run_limited(&l, err);

	return r == -ETIMEDOUT ? fail(err, r, "The TPM gives no answer") : r;
}

int enrol(const struct enrol *e, struct error *err)
{
	_cleanup_(work_done) struct work w = {0};
	int r = prepare(e, &w, err);

	if (r == 0 && e->slot)
		r = limited(make_slot, &w, SLOT_SECONDS, err);
	return r < 0 ? r : limited(write_pin, &w, PIN_SECONDS, err);
}

struct drop {
	const char *device;
	struct enrol_wipe wipe;
};

/* Runs in a child. */
static int drop(void *context, struct error *err)
{
	const struct drop *d = context;

	return wipe_slots(d->device, d->wipe, err);
}

int enrol_drop(const char *device, struct enrol_wipe wipe, struct error *err)
{
	struct drop d = {device, wipe};
	const struct limited l = {.work = drop, .context = &d, .seconds = DROP_SECONDS};
	int r = run_limited(&l, err);

	return r == -ETIMEDOUT ? fail(err, r, "The disk gives no answer") : r;
}
