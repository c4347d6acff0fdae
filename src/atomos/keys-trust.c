/* SPDX-License-Identifier: MIT */
/* Asks the next start to trust a key, or to do so no longer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/signature.h"
#include "atomos/keys.h"
#include "atomos/owned.h"

/* What init/trust.c reads. */
#define OWNER_DIR "/run/atomos/state/atomos/owner"
#define KEYS_FILE "trusted-keys"

/* The text of a file, or what was typed if there is none of that name. */
static int read_key(const char *what, struct trusted_keys *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, what, TRUSTED_KEYS_TEXT_MAX, &text, &size);

	if (r == -ENOENT) {
		text = xstrdup(what);
		size = strlen(text);
		r = 0;
	}
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", what, strerror(-r));
	r = trusted_keys_parse(text, size, ret, err);
	if (r < 0)
		return fail(
			err, r,
			"%s is neither a public key (NAME:BASE64) nor a file with one",
			what);
	return ret->count == 1
		       ? 0
		       : fail(err, -EINVAL, "%s holds %zu keys: name one at a time", what,
			      ret->count);
}

/* The lines without this one. */
static char **without(char **lines, const char *line)
{
	char **rest = NULL;

	for (char **l = lines; l && *l; l++)
		if (!streq(*l, line))
			rest = strv_add(rest, *l);
	return rest;
}

/* Adds the line to those that are there, or takes it out. */
static int keep(const char *line, bool wanted, struct error *err)
{
	_cleanup_close_ int dir = -EBADF;
	_cleanup_free_ char *old = NULL, *joined = NULL, *text = NULL;
	_cleanup_strv_ char **lines = NULL, **rest = NULL;
	size_t size;
	int r;

	if (mkdir(OWNER_DIR, 0700) < 0 && errno != EEXIST)
		return fail(err, -errno, "%s can't be made: %m", OWNER_DIR);
	dir = open(OWNER_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = dir < 0 ? -errno
		    : read_file_at(dir, KEYS_FILE, TRUSTED_KEYS_TEXT_MAX, &old, &size);
	if (r == -ENOENT)
		r = 0;
	if (r == 0) {
		lines = strv_split(old ? old : "", "\n");
		rest = without(lines, line);
		if (wanted)
			rest = strv_add(rest, line);
		joined = strv_join(rest, "\n");
		text = xasprintf("%s\n", joined);
		/* An empty list is none. */
		r = joined[strspn(joined, "\n")]
			    ? write_file_at(dir, KEYS_FILE, text, strlen(text), 0644)
		    : unlinkat(dir, KEYS_FILE, 0) < 0 && errno != ENOENT ? -errno
									 : 0;
	}
	if (r == 0 && syncfs(dir) < 0)
		r = -errno;
	return r < 0 ? fail(err, r, "The key can't be kept in %s: %s", OWNER_DIR,
			    strerror(-r))
		     : 0;
}

/* Asked for first: a key that is kept and that nobody asked for would be refused at each
 * start. */
static int note(struct header *h, const char *line, bool trust, struct error *err)
{
	_cleanup_free_ char *want =
		xasprintf("%s=%s", trust ? "trust" : "distrust", line);
	struct error ignored;
	int r = header_request(h, want, true, err);

	if (r < 0)
		return r;
	r = keep(line, trust, err);
	if (r < 0)
		(void)header_request(h, want, false, &ignored);
	return r;
}

static void report(const char *name, const char *hash, bool trust)
{
	if (trust)
		printf("The next start asks for a password and then whether to trust "
		       "%s,\nSHA-256 %s.\n",
		       name, hash);
	else
		printf("Systems that %s signed (SHA-256\n%s)\naren't started any more. "
		       "The next start asks for a password and then whether\nto "
		       "forget the key.\n",
		       name, hash);
}

static int request(const char *what, bool trust, struct error *err)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = {0};
	_cleanup_owned_ struct owned o = {0};
	_cleanup_secret_ struct secret *line = NULL;
	uint8_t hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	int r = read_key(what, &keys, err);

	if (r == 0)
		r = owned_open(&o, err);
	if (r < 0)
		return r;
	line = key_text(keys.keys[0].name, keys.keys[0].bytes, PUBLIC_KEY_SIZE);
	r = note(o.header, line->data, trust, err);
	if (r < 0)
		return r;
	public_key_hash(&keys.keys[0], hash);
	hex_encode(hash, sizeof(hash), hex);
	report(keys.keys[0].name, hex, trust);
	return 0;
}

int keys_trust(const char *what, struct error *err)
{
	return request(what, true, err);
}

int keys_distrust(const char *what, struct error *err)
{
	return request(what, false, err);
}
