/* SPDX-License-Identifier: MIT */
/* atomos passwd: changes the password of a home and of the disk's slot together. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/bus-forget.h"
#include "owner/flush.h"
#include "owner/home-header.h"
#include "owner/quality.h"
#include "owner/record.h"
#include "owner/seal.h"
#include "atomos/ask.h"
#include "atomos/homes.h"
#include "atomos/owned.h"
#include "atomos/verb.h"

#define SEALED "/run/atomos/state/atomos/owner/secret-key.sealed"
#define SEALED_MAX 16384
#define CHECKS 10

static const struct verb_option options[] = {
	{"mend", 0, NULL, "the account's password becomes the disk's too"},
	{"check", 0, NULL, "note whose password isn't the disk's, or is public"},
	{"forget", 0, NULL, "the system bus forgets what has passed it"},
	{"restore", 0, NULL, "homes get back what a cut took from them"},
	{0},
};

struct change {
	struct owned o;
	char *user;
	bool has_slot; /* the password opens the disk too */
	struct secret *old, *new, *authority;
};

static void change_done(struct change *c)
{
	owned_done(&c->o);
	free(c->user);
	secret_free(c->old);
	secret_free(c->new);
	secret_free(c->authority);
}

/* Who was named, or who called through sudo, or the only one there is. */
static int find_user(const struct invocation *in, char **ret, struct error *err)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	const char *name = in->arguments[0] ? in->arguments[0] : getenv("SUDO_USER");

	if (!in->arguments[0] && (!name || !strv_contains(names, name)))
		name = strv_length(names) == 1 ? names[0] : NULL;
	if (!name)
		return fail(err, -EMISUSE, "Whose password? atomos passwd USER");
	if (!strv_contains(names, name))
		return fail(err, -ENOENT, "There is no account %s with an encrypted home",
			    name);
	*ret = xstrdup(name);
	return 0;
}

static int find_slot(struct change *c, struct error *err)
{
	struct slots slots;
	int r = header_slots(c->o.header, &slots, err);

	if (r == 0)
		c->has_slot = owned_has_slot(&slots, c->user);
	return r;
}

/* The password that the account has now, and something that opens the disk. `keep`: the
 * disk is going to have that password, too. */
static int ask_present(struct change *c, bool keep, struct error *err)
{
	_cleanup_free_ char *prompt = xasprintf("Present password of %s", c->user);
	int r = owned_ask_account(prompt, c->user, c->old, err);

	if (r == 0 && keep && quality_is_public(c->old, c->o.config.generic))
		r = fail(err, -EPERM, QUALITY_PUBLIC " with 'atomos passwd %s'", c->user);
	if (r < 0)
		return r;
	/* Another tool changed only one of the two. */
	if (!c->has_slot || header_try(c->o.header, c->old) >= 0) {
		memcpy(c->authority, c->old, sizeof(*c->old));
	} else {
		fprintf(stderr, "The disk has another password than that.\n");
		r = owned_ask(&c->o, "The disk's password, or the recovery key",
			      c->authority, err);
	}
	return r;
}

/* The key of this machine stays readable by who could read it: a recovery key couldn't.
 */
static int reseal(const struct change *c, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();
	_cleanup_free_ char *data = NULL;
	_cleanup_free_ uint8_t *sealed = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, SEALED, SEALED_MAX, &data, &size);

	if (r < 0)
		return 0;
	if (seal_decode((const uint8_t *)data, size, c->old, key) < 0 &&
	    seal_decode((const uint8_t *)data, size, c->authority, key) < 0) {
		fprintf(stderr,
			"The key that signs this machine's own systems stays sealed with "
			"the password that it was sealed with: an older one, or somebody "
			"else's.\n");
		return 0;
	}
	r = seal(key, c->new, SEAL_WORK, &sealed, &size, err);
	if (r < 0)
		return r;
	r = write_file_at(AT_FDCWD, SEALED, sealed, size, 0600);
	return r < 0 ? fail(err, r, "%s can't be written: %s", SEALED, strerror(-r)) : 0;
}

static int change_home(const struct change *c, struct error *err)
{
	int r = home_header_keep(ACCOUNT_HOMES, HOME_HEADERS_DIR, c->user, err);

	return r < 0 ? r : account_change_password(c->user, c->old, c->new, err);
}

/* The disk takes the new password first, and gives up the old one last, when all else is
 * on it: whatever fails between, what is known opens both. */
static int change(struct change *c, struct error *err)
{
	const struct slot_new n = {
		.kind = SLOT_PASSWORD,
		.user = c->user,
		.authority = c->authority,
		.secret = c->new,
		.cost = c->o.config.cost,
	};
	struct slot mine = {.kind = SLOT_PASSWORD, .number = -1};
	int r = 0;

	snprintf(mine.user, sizeof(mine.user), "%s", c->user);
	if (c->has_slot)
		mine.number = r = header_add(c->o.header, &n, err);
	if (r >= 0 && !secret_equal(c->old, c->new))
		r = change_home(c, err);
	if (r < 0) {
		if (mine.number >= 0)
			(void)header_remove(c->o.header, mine.number, c->authority, NULL);
		return r;
	}
	r = reseal(c, err);
	if (r < 0)
		return r;
	return c->has_slot ? owned_finish_password(&c->o, &mine, c->new, err)
			   : disk_flush(err);
}

/* Makes the notes with this text those of these names; an older one of the other kind
 * becomes one of this. */
static int note(char *const *names, const char *text, struct error *err)
{
	_cleanup_strv_ char **noted = owned_noted(text);
	int r = 0;

	for (char **name = noted; *name; name++)
		if (!strv_contains(names, *name))
			record_remove(DIFFERING_DIR, *name);
	for (char *const *name = names; *name && r == 0; name++) {
		_cleanup_free_ char *path = xasprintf(DIFFERING_DIR "/%s", *name);

		r = write_file_at(AT_FDCWD, path, text, strlen(text), 0644);
		if (r < 0)
			return fail(err, r, "%s can't be written: %s", path,
				    strerror(-r));
	}
	return r;
}

/* Anybody may see whose it is: so a log-in without root's rights can say it. */
static int check_slots(struct owned *o, struct error *err)
{
	_cleanup_strv_ char **differing = NULL,
			    **public = owned_public(o->config.generic);
	struct slots slots;
	int r = header_slots(o->header, &slots, err);

	if (r < 0)
		return r;
	if (mkdir(DIFFERING_DIR, 0755) < 0 && errno != EEXIST)
		return fail(err, -errno, DIFFERING_DIR " can't be made: %m");
	differing = owned_differing(&slots);
	r = note(differing, "", err);
	/* That outweighs a difference, which isn't mended with such a one. */
	return r < 0 ? r : note(public, PUBLIC_NOTE, err);
}

/* The homes' copies don't wait for what the disk's slots have. */
static int check(struct owned *o, struct error *err)
{
	struct error e;
	int r = check_slots(o, err);

	r = first_failure(r, homes_restore(&e), &e, err);
	return first_failure(r, homes_keep(&e), &e, err);
}

/* When accounts and slots were changed last. */
struct moment {
	struct timespec accounts, slots;
};

static struct moment last_change(void)
{
	struct moment m = {0};
	struct stat st;

	if (stat(ACCOUNT_RECORDS, &st) == 0)
		m.accounts = st.st_mtim;
	if (stat(RECORD_DIR, &st) == 0)
		m.slots = st.st_mtim;
	return m;
}

/* systemd doesn't see what is changed while the service that it started for the change
 * before is at work. */
static int check_until_still(struct error *err)
{
	struct moment before, after;
	int r, tries = 0;

	do {
		_cleanup_owned_ struct owned o = {0};

		before = last_change();
		r = owned_open(&o, err);
		if (r == 0)
			r = check(&o, err);
		after = last_change();
	} while (memcmp(&before, &after, sizeof(before)) != 0 && ++tries < CHECKS);
	return r;
}

/* Another tool has changed only one of both: the disk follows the account. */
static int mend(struct change *c, struct error *err)
{
	int r;

	if (!c->has_slot) {
		printf("The password of %s doesn't open the disk: there is nothing to "
		       "mend.\n",
		       c->user);
		record_remove(RECORD_DIR, c->user);
		return 0;
	}
	r = ask_present(c, true, err);
	if (r < 0)
		return r;
	memcpy(c->new, c->old, sizeof(*c->old));
	r = change(c, err);
	if (r == 0)
		(void)check(&c->o, NULL);
	if (r == 0)
		printf("The disk opens with the present password of %s now.\n", c->user);
	return r;
}

static int check_use(const struct invocation *in, struct error *err)
{
	bool forget = option_given(in, "forget"), check = option_given(in, "check"),
	     restore = option_given(in, "restore"), mend = option_given(in, "mend");

	if (check && (mend || in->arguments[0]))
		return fail(err, -EMISUSE,
			    "--check looks at all accounts and changes nothing: it takes "
			    "no USER and no --mend");
	if (forget && (check || mend || in->arguments[0]))
		return fail(err, -EMISUSE,
			    "--forget changes no password: it takes no USER, no --mend "
			    "and no --check");
	if (restore && (check || forget || mend || in->arguments[0]))
		return fail(err, -EMISUSE,
			    "--restore looks at all homes: it takes no USER and no other "
			    "option");
	return 0;
}

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_(change_done) struct change c = {
		.old = secret_new(), .new = secret_new(), .authority = secret_new()};
	int r = check_use(in, err);

	if (r < 0)
		return r;
	if (option_given(in, "forget"))
		return bus_forget(err);
	if (option_given(in, "restore"))
		return homes_restore(err);
	if (option_given(in, "check"))
		return check_until_still(err);
	r = owned_open(&c.o, err);
	if (r == 0)
		r = find_user(in, &c.user, err);
	if (r == 0)
		r = find_slot(&c, err);
	if (r == 0 && option_given(in, "mend"))
		return mend(&c, err);
	if (r == 0)
		r = ask_present(&c, false, err);
	if (r == 0)
		r = ask_new_password(c.user, c.o.config.generic, c.new, err);
	if (r == 0)
		r = change(&c, err);
	if (r == 0)
		(void)check(&c.o, NULL);
	return r;
}

const struct verb verb_passwd = {
	.name = "passwd",
	.arguments = "[USER]",
	.help = "Change a password, for home and disk alike",
	.max = 1,
	.options = options,
	.run = run,
};
