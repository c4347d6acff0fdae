/* SPDX-License-Identifier: MIT */
/* The account of the owner, and the key that signs this machine's own systems. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "owner/account.h"
#include "owner/flush.h"
#include "owner/seal.h"
#include "welcome/setup.h"

#define HOME_DIR "/home"
#define PRIVATE_KEY OWNER_DIR "/secret-key"
#define PUBLIC_KEY OWNER_DIR "/public-key"
#define KEPT_DIR STATE_OURS "/owner"
#define PUBLIC_MAX 4096
#define MEGABYTE (1ULL << 20)
/* homed makes none that is smaller. */
#define HOME_MIN (256 * MEGABYTE)

/* Three quarters of what is free, in whole MiB: the rest is for other people's homes. The
 * size stays: see docs/install.md. */
static int home_bytes(uint64_t *ret, struct error *err)
{
	struct statvfs v;

	if (statvfs(HOME_DIR, &v) < 0)
		return fail(err, -errno, "%s: %m", HOME_DIR);
	*ret = (uint64_t)v.f_bavail * v.f_frsize / 4 * 3 / MEGABYTE * MEGABYTE;
	if (*ret < HOME_MIN)
		return fail(err, -ENOSPC,
			    "The partition for homes is too small: a home needs %llu MB",
			    HOME_MIN / MEGABYTE);
	return 0;
}

int setup_account(struct setup *s, struct error *err)
{
	struct account a = {
		.name = s->answers->name,
		.real_name = s->answers->real_name,
		.administrator = s->answers->administrator,
		.password = s->answers->password,
		.cheap = s->config->cheap_homes,
	};
	int r = home_bytes(&a.home_bytes, err);

	return r < 0 ? r : account_create(&a, err);
}

static int read_key(struct secret *ret, struct error *err)
{
	int r = secret_load(PRIVATE_KEY, O_NOFOLLOW, ret);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", PRIVATE_KEY, strerror(-r));
	return ret->size > 0;
}

static int keep_public(struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, PUBLIC_KEY, PUBLIC_MAX, &text, &size);

	if (r == 0)
		r = write_file_at(AT_FDCWD, KEPT_DIR "/public-key", text, size, 0644);
	return r < 0 ? fail(err, r, "The public key of this machine can't be kept: %s",
			    strerror(-r))
		     : 0;
}

/* A boot that made no key (no TPM, no need of one) leaves nothing to seal. */
int setup_owner_key(struct setup *s, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();
	_cleanup_free_ uint8_t *sealed = NULL;
	size_t size;
	int r = read_key(key, err);

	if (r <= 0)
		return r;
	if (mkdir(KEPT_DIR, 0700) < 0 && errno != EEXIST)
		return fail(err, -errno, "%s can't be made: %m", KEPT_DIR);
	r = seal(key, s->answers->password, SEAL_WORK, &sealed, &size, err);
	if (r < 0)
		return r;
	r = write_file_at(AT_FDCWD, KEPT_DIR "/secret-key.sealed", sealed, size, 0600);
	if (r < 0)
		return fail(err, r, "The key of this machine can't be kept: %s",
			    strerror(-r));
	return keep_public(err);
}

int setup_sync(struct setup *s _unused_, struct error *err)
{
	int r = disk_flush(err);

	/* Sealed and on the disk: the one in the clear isn't needed. */
	if (r == 0)
		(void)unlink(PRIVATE_KEY);
	return r;
}
