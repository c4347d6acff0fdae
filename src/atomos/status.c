/* SPDX-License-Identifier: MIT */
/* Judges what protects this machine. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/status.h"

_printf_(4, 5) static void add(struct status *s, const char *name,
			       enum status_level level, const char *fmt, ...)
{
	va_list ap;

	if (s->count == STATUS_LINES_MAX)
		return;
	va_start(ap, fmt);
	s->lines[s->count++] = (struct status_line){name, level, xvasprintf(fmt, ap)};
	va_end(ap);
}

void status_done(struct status *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->lines[i].words);
	s->count = 0;
}

static void add_system(struct status *s, const struct boot_facts *b)
{
	_cleanup_free_ char *generation =
		b->generation > 0 ? xasprintf(", generation %" PRIu64, b->generation)
				  : xstrdup("");

	add(s, "system", STATUS_GREEN,
	    "%s, release %" PRIu64 "%s: %" PRIu64 " paths (%" PRIu64
	    " MB) were verified at this start, in %.1f s, signed by %s",
	    b->product, b->release, generation, b->paths, b->bytes / 1000000, b->seconds,
	    b->key);
}

static void add_secure_boot(struct status *s, const struct status_facts *f)
{
	_cleanup_free_ char *names = strv_join(f->firmware_keys, ", ");

	if (streq(f->boot->secure_boot, "on"))
		add(s, "secure-boot", STATUS_GREEN, "on%s%s",
		    names[0] ? ", keys of " : "", names);
	else if (streq(f->boot->secure_boot, "off"))
		add(s, "secure-boot", STATUS_RED,
		    "off: whoever holds the machine can put another boot image in its "
		    "place; switch it on in the firmware's setup");
	else
		add(s, "secure-boot", STATUS_YELLOW,
		    "this firmware has none: nothing checks the boot image");
}

static bool has(const struct slots *slots, enum slot_kind kind)
{
	for (size_t i = 0; i < slots->count; i++)
		if (slots->list[i].kind == kind)
			return true;
	return false;
}

/* What makes a slot for the TPM, where there is none: no start does it by itself. */
static const char *tpm_remedy(const struct status_facts *f)
{
	const struct boot_facts *b = f->boot;

	if (!b->owned || !f->slots || has(f->slots, SLOT_TPM) || streq(b->tpm, "absent"))
		return "";
	return streq(b->secure_boot, "on")
		       ? "; 'sudo atomos enroll tpm' has it open the "
			 "disk from the next start on"
		       : "; 'sudo atomos enroll tpm --pin' has it open the "
			 "disk together with a PIN";
}

static void add_tpm(struct status *s, const struct status_facts *f)
{
	const struct boot_facts *b = f->boot;

	if (streq(b->opened_by, "tpm"))
		add(s, "tpm", STATUS_GREEN, "opened the disk: nothing has changed");
	else if (b->enrolled)
		add(s, "tpm", STATUS_GREEN,
		    "was enrolled at this start and opens the disk from the next on");
	else if (b->tpm_says)
		add(s, "tpm", STATUS_YELLOW, "didn't open the disk: %s%s", b->tpm_says,
		    tpm_remedy(f));
	else if (streq(b->tpm, "absent"))
		add(s, "tpm", STATUS_YELLOW,
		    "there is none: the disk asks for its password at each start");
	else if (streq(b->tpm, "failed"))
		add(s, "tpm", STATUS_YELLOW, "it didn't answer and was left out");
	else
		add(s, "tpm", STATUS_YELLOW,
		    "there is one, but it doesn't open the disk%s", tpm_remedy(f));
}

static void add_pin(struct status *s, const struct boot_facts *b)
{
	if (streq(b->pin, "good"))
		add(s, "pin", STATUS_GREEN,
		    "the TPM knows this disk and whose systems it may start");
	else if (streq(b->pin, "spoilt"))
		add(s, "pin", STATUS_RED,
		    "somebody replaced what the TPM knows of this disk: type the "
		    "password "
		    "only when you know who did");
	else if (streq(b->pin, "other-firmware"))
		add(s, "pin", STATUS_YELLOW,
		    "the firmware's keys or settings have changed since the TPM learnt "
		    "of "
		    "this disk");
	else if (streq(b->pin, "other-volume"))
		add(s, "pin", STATUS_RED,
		    "the TPM knows another disk than this one: it may have been swapped");
	else
		add(s, "pin", STATUS_YELLOW,
		    "no TPM vouches for this disk: one that mimics it isn't noticed");
}

static char *openers(const struct slots *slots)
{
	_cleanup_strv_ char **list = xcalloc(1, sizeof(char *));

	for (size_t i = 0; i < slots->count; i++)
		list = strv_consume(list, slot_words(&slots->list[i]));
	return strv_join(list, ", ");
}

static void add_disk(struct status *s, const struct status_facts *f)
{
	_cleanup_free_ char *who = f->slots ? openers(f->slots) : NULL;

	if (f->boot->medium)
		add(s, "disk", STATUS_YELLOW,
		    "a medium: its password is public, and nothing you do is kept; "
		    "'atomos install' puts it on a disk");
	else if (!f->boot->owned)
		add(s, "disk", STATUS_RED,
		    "it has no owner: everybody can open it; answer the questions of the "
		    "first start");
	else if (!f->slots)
		add(s, "disk", STATUS_YELLOW,
		    "encrypted; who opens it, only root may see");
	else if (has(f->slots, SLOT_OTHER))
		add(s, "disk", STATUS_YELLOW,
		    "encrypted; it opens with %s: remove what you don't know (atomos "
		    "enroll list)",
		    who);
	else if (!has(f->slots, SLOT_RECOVERY))
		add(s, "disk", STATUS_YELLOW,
		    "encrypted; it opens with %s; without a recovery key a forgotten "
		    "password is the end (atomos enroll recovery)",
		    who);
	else
		add(s, "disk", STATUS_GREEN, "encrypted; it opens with %s", who);
}

/* Whose password goes on opening the disk, and shouldn't. */
static void add_slots(struct status *s, const struct status_facts *f)
{
	static const char *const words[] = {
		[SLOT_USER_PLAIN] = "who is no administrator: unless you want it so",
		[SLOT_USER_GONE] = "who has no account any more",
	};

	for (size_t i = 0; f->boot->owned && f->slots && i < f->slots->count; i++) {
		const struct slot *slot = &f->slots->list[i];

		if (words[f->users[i]])
			add(s, "slot", STATUS_YELLOW,
			    "slot %d opens the disk with the password of %s, %s, run "
			    "'sudo atomos enroll remove %d'",
			    slot->number, slot->user, words[f->users[i]], slot->number);
	}
}

static void add_homes(struct status *s, const struct status_facts *f)
{
	_cleanup_free_ char *open = f->open_homes ? strv_join(f->open_homes, ", ") : NULL;

	if (!f->boot->owned)
		return;
	if (!f->boot->home_mounted)
		add(s, "homes", STATUS_RED,
		    "the partition of the homes isn't there: nobody's files are "
		    "reachable");
	else if (!open)
		add(s, "homes", STATUS_GREEN,
		    "on an encrypted partition; whether each is encrypted with its "
		    "user's password, too, only root may see");
	else if (open[0])
		add(s, "homes", STATUS_YELLOW,
		    "on an encrypted partition, but not encrypted with the user's "
		    "password: whoever starts this machine opens the home of %s "
		    "(homectl create --storage=luks makes one that is)",
		    open);
	else
		add(s, "homes", STATUS_GREEN,
		    "on an encrypted partition, each encrypted with its user's password");
	for (char *const *name = f->public; name && *name; name++)
		add(s, "password", STATUS_RED,
		    "%s has the password that the medium came with, which everybody "
		    "knows: choose another with 'sudo atomos passwd %s'",
		    *name, *name);
	for (char *const *name = f->differing; name && *name; name++)
		if (!f->public || !strv_contains(f->public, *name))
			add(s, "password", STATUS_YELLOW,
			    "%s has another password than the one that opens the disk: "
			    "run "
			    "'sudo atomos passwd --mend %s'",
			    *name, *name);
}

static bool tpm_remembers(const struct boot_facts *b)
{
	return streq(b->remembered, "tpm");
}

/* Who remembers what the owner allows. What a record says that this start neither wrote
 * nor verified isn't known: it may be an older one, or forged. */
static const char *keepers(const struct status_facts *f)
{
	if (!f->boot->remembered[0])
		return "nobody";
	if (!tpm_remembers(f->boot))
		return "the disk's header";
	/* Without a look at the header, the start's word counts. */
	if (f->boot->recorded && (f->record || !f->slots))
		return "the TPM and the disk's header";
	return f->record ? "the TPM (the disk's header has a record, too)" : "the TPM";
}

static void add_release(struct status *s, const struct status_facts *f)
{
	const struct boot_facts *b = f->boot;
	bool tpm = tpm_remembers(b);

	if (!b->remembered[0])
		add(s, "release", STATUS_YELLOW,
		    "nothing on this machine knows one: an older system that somebody "
		    "puts back is started");
	else
		add(s, "release", tpm ? STATUS_GREEN : STATUS_YELLOW,
		    "below release %" PRIu64
		    " nothing starts without a password; known to %s%s",
		    b->lowest_release, keepers(f),
		    tpm ? "" : ", which who has the disk can put back as it was earlier");
}

static const char *secret_words(enum owner_secret secret)
{
	switch (secret) {
	case OWNER_SECRET_NONE:
		return "no private key is on this machine";
	case OWNER_SECRET_SEALED:
		return "this machine's private key is on the disk, sealed with a "
		       "password";
	case OWNER_SECRET_CLEAR:
		return "this machine's private key lies open: root can sign a system "
		       "with it";
	case OWNER_SECRET_UNKNOWN:
		break;
	}
	return "where the private key is, only root may see";
}

static void add_owner_keys(struct status *s, const struct status_facts *f)
{
	const struct boot_facts *b = f->boot;
	_cleanup_free_ char *names = strv_join(b->owner_keys, ", ");
	_cleanup_free_ char *missing = strv_join(b->missing_keys, ", ");
	_cleanup_free_ char *refused = strv_join(b->refused_keys, ", ");
	enum status_level level =
		f->secret == OWNER_SECRET_CLEAR ? STATUS_YELLOW : STATUS_GREEN;

	if (names[0])
		add(s, "owner-keys", level,
		    "systems signed by %s start here, too; known to %s; %s", names,
		    keepers(f), secret_words(f->secret));
	else if (missing[0])
		add(s, "owner-keys", level, "only the vendor's systems start here; %s",
		    secret_words(f->secret));
	else
		add(s, "owner-keys", STATUS_GREEN,
		    "none: only the vendor's systems start here");
	/* So it is after each first start, and nothing is weaker by it. */
	if (missing[0])
		add(s, "missing-keys", STATUS_GREEN,
		    "%s: known to %s, but the key's file wasn't on the disk at this "
		    "start; until it is, nothing that it signed starts",
		    missing, keepers(f));
	if (refused[0])
		add(s, "refused-keys", STATUS_YELLOW,
		    "%s: on the disk, but not made known to this machine by its owner; "
		    "nothing that they signed starts",
		    refused);
}

void status_find(const struct status_facts *f, struct status *ret)
{
	*ret = (struct status){0};
	add_system(ret, f->boot);
	if (f->failure)
		add(ret, "last-failure", STATUS_YELLOW, "%s", f->failure);
	else if (f->boot->earlier_failure)
		add(ret, "last-failure", STATUS_YELLOW,
		    "in an earlier start, by a note in the firmware (which any system on "
		    "this machine can write): %s",
		    f->boot->earlier_failure);
	add_secure_boot(ret, f);
	if (!f->boot->medium) {
		add_tpm(ret, f);
		add_pin(ret, f->boot);
	}
	add_disk(ret, f);
	add_slots(ret, f);
	add_homes(ret, f);
	if (f->boot->owned) {
		add_release(ret, f);
		add_owner_keys(ret, f);
	}
	add(ret, "hibernation", STATUS_GREEN, "not possible%s; suspend is",
	    streq(f->boot->secure_boot, "on")
		    ? " under Secure Boot's lockdown"
		    : ": swap is in memory, or encrypted with a key that isn't kept");
}

enum status_level status_level(const struct status *s)
{
	enum status_level worst = STATUS_GREEN;

	for (size_t i = 0; i < s->count; i++)
		worst = MAX(worst, s->lines[i].level);
	return worst;
}

const char *status_word(enum status_level level)
{
	static const char *const words[] = {"green", "yellow", "red"};

	return words[level];
}
