/* SPDX-License-Identifier: MIT */
/* Tells the TPM to open a disk. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "init/enrol.h"
#include "init/limit.h"

#define PROGRAM "systemd-cryptenroll"
#define SLOT_SECONDS 120
#define PIN_SECONDS 20

/* A file without a name that only we, and what we start, can open. Made before the child,
 * in which a secret is empty. */
static int password_file(const struct secret *password, struct error *err)
{
	int fd = memfd_create("password", 0), r;

	if (fd < 0)
		return fail(err, -errno, "The password can't be handed on: %m");
	r = fchmod(fd, 0600) < 0 ? -errno
				 : write_full(fd, password->data, password->size);
	if (r == 0)
		return fd;
	close(fd);
	return fail(err, r, "The password can't be handed on: %s", strerror(-r));
}

/* "Already enrolled" looks at the set of PCRs and the key only: the old slot has to go
 * first. What is at hand was proven to open the disk. */
static int wipe_slot(const char *device, const char *which, struct error *err)
{
	_cleanup_free_ char *option = xasprintf("--wipe-slot=%s", which);
	const char *const argv[] = {PROGRAM, option, device, NULL};

	return process_do(argv, err);
}

struct work {
	const struct enrol *e;
	int password;
};

/* How systemd calls the TPM that libtss2 reaches. */
static char *tpm_name(const struct pin_tpm *t)
{
	return streq(t->driver, "device") ? xstrdup("auto")
					  : xasprintf("%s:%s", t->driver, t->device);
}

/* Runs in a child. */
static int make_slot(void *context, struct error *err)
{
	const struct work *w = context;
	const struct enrol *e = w->e;
	_cleanup_free_ char *tpm = tpm_name(e->tpm),
			    *unlock = e->password
					      ? xasprintf("--unlock-key-file=/proc/self/"
							  "fd/%d",
							  w->password)
					      : xasprintf("--unlock-tpm2-device=%s", tpm),
			    *device = xasprintf("--tpm2-device=%s", tpm),
			    *key = xasprintf("--tpm2-public-key=%s", e->key),
			    *signature = xasprintf("--tpm2-signature=%s", e->signature);
	const char *const argv[] = {
		PROGRAM,	 unlock,    device,
		"--tpm2-pcrs=7", key,	    "--tpm2-public-key-pcrs=11",
		signature,	 e->device, NULL};
	int r = e->wipe ? wipe_slot(e->device, e->wipe, err) : 0;

	return r < 0 ? r : process_do(argv, err);
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
	const struct limited l = {work, w, seconds, NULL};
	int r = run_limited(&l, err);

	return r == -ETIMEDOUT ? fail(err, r, "The TPM gives no answer") : r;
}

int enrol(const struct enrol *e, struct error *err)
{
	_cleanup_close_ int password =
		e->password && e->slot ? password_file(e->password, err) : -EBADF;
	struct work w = {e, password};
	int r = e->password && e->slot && password < 0 ? password : 0;

	if (r == 0 && e->slot)
		r = limited(make_slot, &w, SLOT_SECONDS, err);
	return r < 0 ? r : limited(write_pin, &w, PIN_SECONDS, err);
}

int enrol_drop(const char *device, int slot, struct error *err)
{
	_cleanup_free_ char *number = xasprintf("%d", slot);

	return wipe_slot(device, number, err);
}
