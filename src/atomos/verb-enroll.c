/* SPDX-License-Identifier: MIT */
/* atomos enroll: who can open the disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "owner/account.h"
#include "owner/quality.h"
#include "owner/record.h"
#include "core/recovery-key.h"
#include "atomos/ask.h"
#include "atomos/json.h"
#include "atomos/owned.h"
#include "atomos/verb.h"

#define CRYPTENROLL "systemd-cryptenroll"
#define KEY_PATH "/dev/hidraw"
#define OPENS "A password or recovery key that opens the disk"

static int list_json(const struct slots *slots)
{
	_cleanup_variant_ sd_json_variant *v = NULL, *list = NULL;
	int r = sd_json_variant_new_array(&list, NULL, 0);

	for (size_t i = 0; i < slots->count && r >= 0; i++) {
		_cleanup_free_ char *words = slot_words(&slots->list[i]);
		_cleanup_variant_ sd_json_variant *one = NULL;
		const char *user = slots->list[i].user;

		r = sd_json_buildo(
			&one, SD_JSON_BUILD_PAIR_INTEGER("slot", slots->list[i].number),
			SD_JSON_BUILD_PAIR_STRING("words", words),
			SD_JSON_BUILD_PAIR_CONDITION(user[0], "user",
						     SD_JSON_BUILD_STRING(user)));
		if (r >= 0)
			r = sd_json_variant_append_array(&list, one);
	}
	if (r >= 0)
		r = sd_json_buildo(&v, SD_JSON_BUILD_PAIR_VARIANT("slots", list));
	if (r >= 0)
		json_print(v);
	return r < 0 ? r : 0;
}

static int list(const struct invocation *in, struct owned *o, struct error *err)
{
	struct slots slots;
	int r = header_slots(o->header, &slots, err);

	if (r < 0)
		return r;
	if (in->json)
		return list_json(&slots);
	for (size_t i = 0; i < slots.count; i++) {
		_cleanup_free_ char *words = slot_words(&slots.list[i]);

		printf("%d  %s\n", slots.list[i].number, words);
	}
	return 0;
}

static int password(const struct invocation *in, struct owned *o, struct error *err)
{
	_cleanup_secret_ struct secret *authority = secret_new(), *new = secret_new();
	_cleanup_strv_ char **names = account_names(ACCOUNT_RECORDS);
	_cleanup_free_ char *prompt = NULL;
	const char *user = in->arguments[1];
	int r;

	if (!user)
		return fail(err, -EMISUSE, "Whose? atomos enroll password USER");
	if (!strv_contains(names, user))
		return fail(err, -ENOENT, "There is no account %s with an encrypted home",
			    user);
	r = owned_ask(o, OPENS, authority, err);
	prompt = xasprintf("Password that %s logs in with", user);
	if (r == 0)
		r = owned_ask_account(prompt, user, new, err);
	if (r == 0 && quality_is_public(new, o->config.generic))
		r = fail(err, -EPERM, QUALITY_PUBLIC " with 'atomos passwd %s'", user);
	return r < 0 ? r : owned_set_password(o, user, authority, new, err);
}

/* Part of it comes back before it counts. */
static int show_key(const struct secret *key, struct error *err)
{
	_cleanup_secret_ struct secret *typed = secret_new();
	_cleanup_free_ char *prompt = NULL;
	unsigned group = 0;
	int r;

	if (getrandom(&group, sizeof(group), 0) != sizeof(group))
		return fail(err, -EIO, "The kernel gives no random numbers");
	group %= RECOVERY_GROUPS;
	printf("The new recovery key; write it down, it isn't shown again:\n\n    %s\n\n",
	       key->data);
	prompt = xasprintf("Its group %u (of %d)", group + 1, RECOVERY_GROUPS);
	r = ask_line(prompt, typed, err);
	if (r == 0 && !recovery_key_group_is(key, group, typed))
		return fail(err, -EINVAL,
			    "That isn't that group: nothing was changed, ask for another "
			    "key");
	return r;
}

static int recovery(const struct invocation *in _unused_, struct owned *o,
		    struct error *err)
{
	_cleanup_secret_ struct secret *authority = secret_new(), *key = NULL;
	struct slot_new n = {.kind = SLOT_RECOVERY, .authority = authority};
	struct slot mine = {.kind = SLOT_RECOVERY};
	int r = owned_ask(o, OPENS, authority, err);

	if (r == 0)
		r = recovery_key_make(&key, err);
	if (r == 0)
		r = show_key(key, err);
	if (r < 0)
		return r;
	n.secret = key;
	r = header_add(o->header, &n, err);
	if (r < 0)
		return r;
	mine.number = r;
	return owned_drop_others(o, &mine, key, err);
}

/* What the next start is asked for; one of both, or none. */
static int request_tpm(struct owned *o, bool plain, bool pin, struct error *err)
{
	int r = header_request(o->header, "tpm", plain, err);

	return r < 0 ? r : header_request(o->header, "tpm-pin", pin, err);
}

/* Only the boot image can enrol the TPM. */
static int tpm(const struct invocation *in, struct owned *o, struct error *err)
{
	_cleanup_secret_ struct secret *proof = secret_new();
	const struct slot none = {.number = -1, .kind = SLOT_TPM};
	bool pin = option_given(in, "pin");
	int r;

	if (streq(o->boot.tpm, "absent"))
		return fail(err, -ENODEV, "This machine has no TPM");
	if (!pin && !streq(o->boot.secure_boot, "on"))
		return fail(
			err, -EPERM,
			"With Secure Boot off a TPM would open the disk for any "
			"system: switch it on in the firmware's setup first, or choose "
			"a PIN with 'atomos enroll tpm --pin'");
	r = owned_ask(o, OPENS, proof, err);
	/* First: a slot that goes without it stays away. */
	if (r == 0)
		r = request_tpm(o, !pin, pin, err);
	if (r == 0)
		r = owned_drop_others(o, &none, proof, err);
	if (r == 0)
		puts(pin ? "The next start asks for a password or the recovery key, then "
			   "for the PIN to choose, and enrols the TPM."
			 : "The next start asks for a password or the recovery key and "
			   "for a \"yes\", and enrols the TPM then.");
	return r;
}

/* An older system than those that were started so far: only the next start can allow it.
 */
static int release(const struct invocation *in, struct owned *o, struct error *err)
{
	_cleanup_free_ char *want = NULL;
	uint64_t number;
	int r;

	if (!in->arguments[1] || parse_u64(in->arguments[1], &number) < 0)
		return fail(err, -EMISUSE, "Which? atomos enroll release NUMBER");
	want = xasprintf("release=%s", in->arguments[1]);
	r = header_request(o->header, want, true, err);
	if (r == 0)
		printf("The next start asks for a password and then whether systems down "
		       "to release %s may start.\n",
		       in->arguments[1]);
	return r;
}

/* As systemd-cryptenroll lists them: a line with a path for each. */
static int look_for_key(struct error *err)
{
	const char *const argv[] = {CRYPTENROLL, "--fido2-device=list", NULL};
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	const char *found;
	int r = process_check(&p, &output, NULL, err);

	if (r < 0)
		return r;
	found = strstr(output, KEY_PATH);
	if (!found)
		return fail(err, -ENODEV,
			    "No security key is plugged in, or none that can open disks "
			    "(FIDO2)");
	if (strstr(found + 1, KEY_PATH))
		return fail(err, -EEXIST,
			    "Several security keys are plugged in: leave only the new "
			    "one");
	return 0;
}

/* It asks for the key's PIN itself, and says when to touch the key. */
static int add_key(const char *device, const struct secret *authority, struct error *err)
{
	_cleanup_close_ int fd = secret_file(authority);
	_cleanup_free_ char *unlock = xasprintf("--unlock-key-file=/proc/self/fd/%d", fd);
	const char *const argv[] = {CRYPTENROLL, unlock, "--fido2-device=auto", device,
				    NULL};
	const struct process p = {.argv = argv, .inherit_stdin = true};
	int r;

	if (fd < 0)
		return fail(err, fd, "The password can't be handed on: %s",
			    strerror(-fd));
	r = process_run(&p, NULL, NULL, err);
	return r > 0 ? fail(err, -EIO,
			    "The security key doesn't open the disk: why, "
			    "systemd-cryptenroll "
			    "has said")
		     : r;
}

static int fido2(const struct invocation *in _unused_, struct owned *o, struct error *err)
{
	_cleanup_secret_ struct secret *authority = secret_new();
	int r = header_room(o->header, err);

	if (r < 0)
		return r;
	if (!process_available(CRYPTENROLL))
		return fail(err, -ENOENT,
			    "systemd-cryptenroll is missing: add the package "
			    "systemd-cryptsetup");
	r = look_for_key(err);
	if (r == 0)
		r = owned_ask(o, OPENS, authority, err);
	return r < 0 ? r : add_key(o->device, authority, err);
}

/* Without a slot there is nothing that the password could differ from. */
static int forget_user(struct owned *o, const char *user, struct error *err)
{
	struct slots slots;
	int r = header_slots(o->header, &slots, err);

	if (r == 0 && !owned_has_slot(&slots, user))
		record_remove(RECORD_DIR, user);
	return r;
}

static int drop(const struct invocation *in, struct owned *o, struct error *err)
{
	_cleanup_secret_ struct secret *proof = secret_new();
	const struct slot *found = NULL;
	struct slots slots;
	uint64_t number;
	int r = header_slots(o->header, &slots, err);

	if (r < 0)
		return r;
	if (!in->arguments[1] || parse_u64(in->arguments[1], &number) < 0)
		return fail(err, -EMISUSE,
			    "Which slot? 'atomos enroll list' has the numbers");
	for (size_t i = 0; i < slots.count; i++)
		if ((uint64_t)slots.list[i].number == number)
			found = &slots.list[i];
	if (!found)
		return fail(err, -ENOENT, "The disk has no slot %s", in->arguments[1]);
	r = owned_ask(o, "A password or recovery key that opens the disk and stays",
		      proof, err);
	if (r == 0)
		r = header_remove(o->header, found->number, proof, err);
	/* And stays out. */
	if (r == 0 && found->kind == SLOT_TPM)
		r = request_tpm(o, false, false, err);
	return r == 0 && found->kind == SLOT_PASSWORD ? forget_user(o, found->user, err)
						      : r;
}

static const struct {
	const char *name;
	int (*run)(const struct invocation *in, struct owned *o, struct error *err);
} actions[] = {
	{"list", list},	  {"password", password}, {"recovery", recovery}, {"tpm", tpm},
	{"fido2", fido2}, {"remove", drop},	  {"release", release},
};

static int run(const struct invocation *in, struct error *err)
{
	_cleanup_owned_ struct owned o = {0};

	for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
		int r;

		if (!streq(actions[i].name, in->arguments[0]))
			continue;
		if (option_given(in, "pin") && actions[i].run != tpm)
			return fail(err, -EMISUSE,
				    "--pin belongs to 'atomos enroll tpm'");
		if (in->json && actions[i].run != list)
			return fail(err, -EMISUSE,
				    "Only 'atomos enroll list' prints JSON");
		r = owned_open(&o, err);
		return r < 0 ? r : actions[i].run(in, &o, err);
	}
	return fail(err, -EMISUSE,
		    "'%s' isn't one of list, password, recovery, tpm, fido2, remove, "
		    "release",
		    in->arguments[0]);
}

static const struct verb_option options[] = {
	{"pin", 0, NULL, "the TPM wants a PIN, too (tpm)"},
	{0},
};

const struct verb verb_enroll = {
	.name = "enroll",
	.arguments = "list|password|recovery|tpm|... [USER|SLOT|N]",
	.help = "Show or change who can open the disk",
	.min = 1,
	.max = 2,
	.reports = true,
	.options = options,
	.run = run,
};
