/* SPDX-License-Identifier: MIT */
/* The disk of this machine. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/recovery-key.h"
#include "owner/account.h"
#include "owner/flush.h"
#include "owner/record.h"
#include "atomos/ask.h"
#include "atomos/owned.h"

#define TRIES 3
#define NOTE_MAX 64

void owned_done(struct owned *o)
{
	boot_facts_done(&o->boot);
	config_done(&o->config);
	header_free(o->header);
	free(o->device);
	*o = (struct owned){0};
}

static int open_it(struct owned *o, struct error *err)
{
	int r = boot_facts_load(BOOT_FACTS_FILE, &o->boot, err);

	if (r < 0)
		return r;
	if (o->boot.medium)
		return fail(err, -EPERM,
			    "This is a medium: who opens it can't be changed; install it "
			    "first");
	if (access(OWNED_MARK, F_OK) < 0)
		return fail(err, -EPERM,
			    "This machine has no owner yet: answer the questions of the "
			    "first start");
	if (geteuid() != 0)
		return fail(err, -EPERM,
			    "Only root may see and change who opens the disk");
	r = config_load(CONFIG_FILE, &o->config, err);
	if (r < 0)
		return r;
	o->device = xasprintf("/dev/%s", o->boot.partition);
	return header_open(o->device, &o->header, err);
}

int owned_open(struct owned *ret, struct error *err)
{
	int r;

	*ret = (struct owned){0};
	r = open_it(ret, err);
	if (r < 0)
		owned_done(ret);
	return r;
}

bool owned_opens(struct owned *o, struct secret *typed)
{
	_cleanup_secret_ struct secret *as_typed = secret_new();

	if (header_try(o->header, typed) >= 0)
		return true;
	memcpy(as_typed, typed, sizeof(*typed));
	if (recovery_key_normalise(typed) == 0 && header_try(o->header, typed) >= 0)
		return true;
	memcpy(typed, as_typed, sizeof(*typed));
	return false;
}

int owned_ask(struct owned *o, const char *prompt, struct secret *ret, struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		int r = ask_secret(prompt, ret, err);

		if (r < 0)
			return r;
		if (owned_opens(o, ret))
			return 0;
		fprintf(stderr, "That doesn't open the disk.\n");
	}
	return fail(err, -EKEYREJECTED, "Nothing that opens the disk was typed");
}

int owned_ask_account(const char *prompt, const char *user, struct secret *ret,
		      struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		int r = ask_secret(prompt, ret, err);

		if (r < 0)
			return r;
		r = ret->size > 0 ? account_password_is(ACCOUNT_RECORDS, user, ret) : 0;
		if (r > 0)
			return 0;
		if (r < 0)
			return fail(err, r,
				    "Nothing tells whether that is the password of %s "
				    "(" ACCOUNT_RECORDS "/%s.identity: %s): look at the "
				    "account with 'homectl inspect %s'",
				    user, user,
				    r == -ENOENT ? "it has no password" : strerror(-r),
				    user);
		fprintf(stderr, "That isn't the password of %s.\n", user);
	}
	return fail(err, -EKEYREJECTED, "The password of %s wasn't typed", user);
}

bool owned_has_slot(const struct slots *slots, const char *user)
{
	for (size_t i = 0; i < slots->count; i++)
		if (slots->list[i].kind == SLOT_PASSWORD &&
		    streq(slots->list[i].user, user))
			return true;
	return false;
}

static bool is_note(const char *name, const char *note)
{
	_cleanup_free_ char *path = xasprintf(DIFFERING_DIR "/%s", name), *text = NULL;

	return read_file_at(AT_FDCWD, path, NOTE_MAX, &text, NULL) == 0 &&
	       streq(text, note);
}

char **owned_noted(const char *note)
{
	_cleanup_closedir_ DIR *d = opendir(DIFFERING_DIR);
	char **out = xcalloc(1, sizeof(char *));

	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.' && is_note(e->d_name, note))
			out = strv_add(out, e->d_name);
	strv_sort(out);
	return out;
}

char **owned_public(const struct secret *generic)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	char **out = xcalloc(1, sizeof(char *));

	for (char **name = names; *name && generic && generic->size > 0; name++)
		if (account_password_is(ACCOUNT_RECORDS, *name, generic) == 1)
			out = strv_add(out, *name);
	return out;
}

/* Of the slots with the password of this account; a list that is never NULL. */
static char **salts_of(const struct slots *slots, const char *user)
{
	char **out = xcalloc(1, sizeof(char *));

	for (size_t i = 0; i < slots->count; i++)
		if (slots->list[i].kind == SLOT_PASSWORD &&
		    streq(slots->list[i].user, user))
			out = strv_add(out, slots->list[i].salt);
	return out;
}

char **owned_differing(const struct slots *slots)
{
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	char **out = xcalloc(1, sizeof(char *));

	for (char **name = names; *name; name++) {
		_cleanup_strv_ char **salts = salts_of(slots, *name);
		_cleanup_free_ char *digest = NULL;

		if (!salts[0])
			continue;
		(void)account_password_digest(ACCOUNT_RECORDS, *name, &digest);
		if (record_differs(RECORD_DIR, *name, digest, salts))
			out = strv_add(out, *name);
	}
	return out;
}

/* Nothing is left of the account: neither a record, nor a home that homed only doesn't
 * know of, nor a line of /etc/passwd. */
static bool is_gone(const char *user, bool homes)
{
	_cleanup_strv_ char **others = account_system_names(ACCOUNT_PASSWD);

	return homes && access(ACCOUNT_RECORDS, R_OK) == 0 &&
	       !account_has_home(ACCOUNT_HOMES, user) && !strv_contains(others, user);
}

enum slot_user owned_slot_user(const struct slot *slot, bool homes)
{
	int r;

	if (slot->kind != SLOT_PASSWORD)
		return SLOT_USER_GOOD;
	/* The header's word, which may be anything: no path is made of such a one. */
	if (!slot->user[0] || strchr(slot->user, '/'))
		return SLOT_USER_GONE;
	r = account_administers(ACCOUNT_RECORDS, ACCOUNT_GROUPS, slot->user);
	if (r == -ENOENT && is_gone(slot->user, homes))
		return SLOT_USER_GONE;
	return r == 0 ? SLOT_USER_PLAIN : SLOT_USER_GOOD;
}

int owned_drop_others(struct owned *o, const struct slot *like,
		      const struct secret *proof, struct error *err)
{
	struct slots slots;
	int r = header_slots(o->header, &slots, err);

	for (size_t i = 0; i < slots.count && r == 0; i++) {
		const struct slot *s = &slots.list[i];

		if (s->number != like->number && s->kind == like->kind &&
		    streq(s->user, like->user))
			r = header_remove(o->header, s->number, proof, err);
	}
	return r;
}

int owned_finish_password(struct owned *o, const struct slot *mine,
			  const struct secret *password, struct error *err)
{
	_cleanup_free_ char *digest = NULL;
	struct slot slot;
	int r = header_slot(o->header, mine->number, &slot, err);

	if (r == 0 && account_password_digest(ACCOUNT_RECORDS, mine->user, &digest) == 0)
		r = record_write(RECORD_DIR, mine->user, digest, slot.salt, err);
	else if (r == 0)
		record_remove(RECORD_DIR, mine->user);
	if (r == 0)
		r = disk_flush(err);
	return r < 0 ? r : owned_drop_others(o, mine, password, err);
}

int owned_set_password(struct owned *o, const char *user, const struct secret *authority,
		       const struct secret *password, struct error *err)
{
	const struct slot_new n = {
		.kind = SLOT_PASSWORD,
		.user = user,
		.authority = authority,
		.secret = password,
		.cost = o->config.cost,
	};
	struct slot mine = {.kind = SLOT_PASSWORD};
	int r = header_add(o->header, &n, err);

	if (r < 0)
		return r;
	mine.number = r;
	snprintf(mine.user, sizeof(mine.user), "%s", user);
	return owned_finish_password(o, &mine, password, err);
}
