/* SPDX-License-Identifier: MIT */
/* Steps in which the TPM opens an installed disk, or is told to: docs/boot.md, (c) to
 * (e). Every use of the TPM is in a child, and none can keep the password prompt away. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "init/boot.h"
#include "init/enrol.h"
#include "init/find.h"
#include "init/limit.h"
#include "init/owner-key.h"
#include "init/prompt.h"
#include "init/tpm-device.h"
#include "init/tpm-job.h"

#define EXTRA_MAX (1U << 20)
#define PROMPT_MILLISECONDS 5000

struct extra {
	char *key, *signature;
	uint8_t own[PCR_FINGERPRINT_SIZE]; /* of key */
	struct pin_tpm tpm;
};

static void extra_done(struct extra *e)
{
	free(e->key);
	free(e->signature);
}
#define _cleanup_extra_ _cleanup_(extra_done)

static bool read_extra(struct extra *ret)
{
	*ret = (struct extra){0};
	if (read_file_at(AT_FDCWD, PCR_KEY_FILE, EXTRA_MAX, &ret->key, NULL) < 0 ||
	    read_file_at(AT_FDCWD, PCR_SIGNATURE_FILE, EXTRA_MAX, &ret->signature, NULL) <
		    0 ||
	    pcr_key_fingerprint(ret->key, ret->own) < 0)
		return false;
	ret->tpm = (struct pin_tpm){"device", TPM_DEVICE, ret->key, ret->signature};
	return true;
}

/* What the child is given, and its answer. */
struct asking {
	struct protection p;
	const struct pin_tpm *tpm;
	struct pin_tpm
		older; /* before the vendor renewed its key; public_key may be NULL */
	struct volume *volume;
	bool owned;
};

/* Which slots are whose: of the image's own PCR key, and of one that it was renewed
 * from. `slots` must outlive the child. */
static void sort_slots(struct asking *a, const struct extra *e,
		       const struct tpm_slots *slots)
{
	const struct tpm_slot *s;

	a->p.own_token = a->p.own_slot = a->p.older_slot = -1;
	if (!a->p.usable)
		return;
	s = tpm_slots_own(slots, e->own);
	if (s) {
		a->p.own_token = s->token;
		a->p.own_slot = s->slot;
	}
	s = tpm_slots_older(slots, e->own, e->signature);
	if (s) {
		a->older = e->tpm;
		a->older.public_key = s->key;
		a->p.older_slot = s->slot;
	}
}

/* The slot that has opened the volume is the one that counts: others of the same key may
 * have been laid beside it. */
static void note_opener(struct protection *p, const struct extra *e,
			const struct tpm_slots *slots)
{
	if (p->unlock < 0)
		return;
	p->other_slots = tpm_slots_others(slots, p->unlock);
	switch (tpm_slots_whose(slots, p->unlock, e->own, e->signature)) {
	case TPM_KEY_OWN:
		p->own_slot = p->unlock;
		if (p->older_slot == p->unlock)
			p->older_slot = -1;
		break;
	case TPM_KEY_OLDER:
		p->older_slot = p->unlock;
		break;
	case TPM_KEY_STRANGE:
		break;
	}
}

static void read_pin(struct asking *a)
{
	struct pin_reading reading, older;
	struct error err;

	if (pin_tpm_read(a->tpm, &reading, &err) < 0)
		log_warning("%s", err.message);
	if (reading.state == PIN_SPOILT && a->older.public_key &&
	    pin_tpm_read(&a->older, &older, &err) == 0 && older.state >= PIN_OTHER_PCR7) {
		reading = older;
		a->p.older_pin = true;
	}
	protection_read(&a->p, &reading, volume_key_digest(a->volume));
}

/* Whoever has this machine can seal a slot of another disk to its TPM. */
static bool may_open(const struct protection *p)
{
#ifdef WITHOUT_CHECK_TPM_TRUST
	return true;
#endif
	return protection_trusts(p);
}

/* Runs in the child: (c) the pin, then (d) the disk. */
static void look(void *context)
{
	struct asking *a = context;
	struct protection *p = &a->p;

	be_silent();
	read_pin(a);
	if (a->owned && p->has_token && may_open(p))
		p->unlock = protection_lacks_pin(p)
				    ? UNLOCK_LACKS_PIN
				    : volume_unlock_by_tpm(a->volume, p->own_token, NULL,
							   NULL);
}

/* The TPM's answer, when it has come. */
static void take_answer(struct boot *b, struct tpm_job *job, int milliseconds)
{
	struct asking a;

	if (job->fd < 0)
		return;
	switch (tpm_job_wait(job, milliseconds, &a)) {
	case 0:
		return;
	case 1:
		a.p.left = b->protection.left;
		b->protection = a.p;
		break;
	default:
		log_warning("the TPM's helper process crashed");
	}
	b->open = b->protection.unlock >= 0;
	if (b->open) {
		b->opener = OPENER_TPM;
		b->slot = b->protection.unlock;
	}
}

static void say_why(struct boot *b)
{
	const char *words = protection_words(&b->protection);

	if (words && !b->open)
		consoles_say(b->consoles, "%s.", words);
}

/* What the TPM says, as far as it has said it, and what it wants. */
static void hear(struct boot *b, struct tpm_job *job)
{
	take_answer(b, job, PROMPT_MILLISECONDS);
	say_why(b);
	if (!b->open && job->fd < 0 && protection_asks_pin(&b->protection))
		ask_tpm_pin(b);
}

/* The prompt is there after 5 s at the latest; whoever opens the disk first has won. */
static int race(struct boot *b, struct tpm_job *job, struct error *err)
{
	int r = 0;

	hear(b, job);
	while (!b->open && r == 0) {
		r = ask_password(b, job->fd >= 0 ? &job->fd : NULL, err);
		if (r == -ECANCELED || (r < 0 && volume_is_open(VOLUME_NAME))) {
			hear(b, job);
			r = 0;
		}
	}
	return r;
}

int step_tpm(struct boot *b, struct error *err)
{
	_cleanup_extra_ struct extra extra = {0};
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	struct protection *p = &b->protection;
	struct tpm_job job = {.fd = -EBADF};
	struct asking a;
	struct error e;
	int r = 0;

	if (b->partition.medium)
		return 0;
	*p = (struct protection){.unlock = -ECANCELED,
				 .secure_boot = secure_boot_state(),
				 .has_token = volume_has_tpm(b->volume)};
	p->usable = b->outcome->tpm == TPM_ENTERED && read_extra(&extra);
	a = (struct asking){
		.p = *p, .tpm = &extra.tpm, .volume = b->volume, .owned = b->owned};
	volume_tpm_slots(b->volume, &slots);
	for (size_t i = 0; i < slots.count; i++)
		a.p.has_pin |= slots.list[i].pin;
	sort_slots(&a, &extra, &slots);
	*p = a.p;
	if (p->usable && tpm_job_start(&job, look, &a, sizeof(a), &e) < 0)
		log_warning("%s", e.message);
	if (b->owned)
		r = race(b, &job, err);
	else
		take_answer(b, &job, PROMPT_MILLISECONDS);
	tpm_job_end(&job);
	note_opener(p, &extra, &slots);
	return r;
}

static enum enrolment decide(struct boot *b, enum opener opener)
{
	enum enrolment wanted = protection_enrolment(&b->protection, opener);

	const char *question =
		wanted == ENROL_ASK_FIRMWARE
			? "Without Secure Boot anybody can start something else on this "
			  "machine. Shall the TPM open the disk all the same? Type yes, "
			  "or "
			  "press Enter:"
		: wanted == ENROL_ASK_OTHER_DISK
			? "Shall the TPM open this disk from now on, and no longer the "
			  "other one? Type yes, or press Enter:"
			: NULL;

	if (!question)
		return wanted;
	return ask_yes(b, question, GRANT_SECONDS) > 0 ? ENROL_YES : ENROL_NO;
}

/* An own key is made at every start until the disk has an owner, who then seals it. */
static void make_owner_key(struct boot *b, struct pin *pin)
{
	struct error e;

	if (owner_key_make(OWNER_DIR, pin->owners[0], &e) < 0) {
		consoles_say(b->consoles, "%s.", e.message);
		return;
	}
	pin->owner_count = 1;
}

/* A security key gives the record's key to nobody: without the TPM's word a password is
 * needed to know what may be started. */
static void ask_beside_key(struct boot *b)
{
	struct error err;

	if (b->opener == OPENER_FIDO2 && !b->proof && !protection_trusts(&b->protection))
		(void)ask_proof(
			b,
			"No TPM tells what this machine remembers of the disk, only "
			"the disk itself after a password or recovery key. Type it, "
			"or press Enter to start nothing:",
			0, &b->proof, &err);
}

/* What is remembered of an owner's disk: by the TPM, else in the header. */
static bool remembered(struct boot *b, struct pin *ret)
{
	if (!b->owned)
		return false;
	if (protection_trusts(&b->protection)) {
		*ret = b->protection.reading.pin;
		return true;
	}
	return volume_record(b->volume, ret) == 0;
}

static struct pin new_pin(struct boot *b, const struct pin *old)
{
	const struct protection *p = &b->protection;
	struct pin pin = old ? *old : (struct pin){0};

	pin_raise(&pin, b->settings.release);
	pin.secure_boot = p->secure_boot == 1;
	memcpy(pin.volume, volume_key_digest(b->volume), VOLUME_DIGEST_SIZE);
	memcpy(pin.pcr7, p->reading.pcr7, PIN_HASH_SIZE);
	if (!b->owned)
		make_owner_key(b, &pin);
	return pin;
}

static void say_told(struct boot *b, bool slot, const struct error *failed)
{
	if (!failed)
		consoles_say(b->consoles, slot ? "Telling the TPM to open this disk."
					       : "Noting in the TPM what you allowed.");
	else if (slot)
		consoles_say(b->consoles,
			     "The TPM can't be told to open this disk: %s. Its passwords "
			     "open it as before.",
			     failed->message);
	else
		consoles_say(
			b->consoles,
			"What you allowed can't be noted in the TPM: %s. You are asked "
			"again at the next start.",
			failed->message);
}

/* What differs from case to case is in `e`. */
static void tell_tpm(struct boot *b, struct enrol *e, const struct pin *pin, bool renewed)
{
	_cleanup_extra_ struct extra extra = {0};
	_cleanup_free_ char *device = xasprintf("/dev/%s", b->partition.node);
	struct error err;

	if (!read_extra(&extra))
		return;
	e->device = device;
	e->tpm = &extra.tpm;
	e->pin = pin;
	e->key = PCR_KEY_FILE;
	e->signature = PCR_SIGNATURE_FILE;
	say_told(b, e->slot || renewed, NULL);
	if (enrol(e, &err) < 0) {
		say_told(b, e->slot || renewed, &err);
		return;
	}
	b->told = true;
	b->enrolled = e->slot || renewed;
}

/* Under the same authority as the pin: what was typed has opened the volume. */
static bool keep_record(struct boot *b, const struct pin *pin)
{
	struct error err;

	if (!b->proof)
		return false;
	if (volume_keep_record(b->volume, pin, &err) == 0)
		return true;
	consoles_say(b->consoles,
		     "What this machine remembers of the disk can't be written into its "
		     "header: %s.",
		     err.message);
	return false;
}

/* Several tokens may name one. */
static bool is_named_before(const struct tpm_slots *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (s->list[j].slot == s->list[i].slot)
			return true;
	return false;
}

/* One that doesn't go is said: the next start tries again. */
static void drop_others(struct boot *b)
{
	_cleanup_free_ char *device = xasprintf("/dev/%s", b->partition.node);
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	bool older = false, gone = false;
	struct error err;

	volume_tpm_slots(b->volume, &slots);
	for (size_t i = 0; i < slots.count; i++) {
		int slot = slots.list[i].slot;

		if (slot == b->protection.unlock || is_named_before(&slots, i))
			continue;
		if (enrol_drop(device, (struct enrol_wipe){WIPE_ONE, slot}, &err) < 0) {
			consoles_say(b->consoles,
				     "Another slot for the TPM stays on the disk: %s.",
				     err.message);
			continue;
		}
		gone = true;
		older |= slot == b->protection.older_slot;
	}
	if (older)
		consoles_say(b->consoles, "Boot images with the vendor's older key don't "
					  "open this disk any more.");
	else if (gone)
		consoles_say(b->consoles,
			     "Other slots for the TPM were taken off the disk.");
}

/* The vendor's boot image has a newer PCR key beside the old one's signature. */
static void renew(struct boot *b, enum renewal what, const struct pin *pin)
{
	const struct protection *p = &b->protection;
	struct enrol e = {.slot = what == RENEW_SLOT_AND_PIN, .tpm_pin = b->tpm_pin};

	/* It has opened nothing. */
	if (e.slot && p->own_slot >= 0)
		e.wipe = (struct enrol_wipe){WIPE_ONE, p->own_slot};

	if (what == RENEW_DROP_OTHERS)
		drop_others(b);
	else
		tell_tpm(b, &e, pin, true);
}

/* Only by its owner's word, and where the PIN isn't all that keeps others out. */
static bool goes_without_pin(struct boot *b)
{
	const struct protection *p = &b->protection;

	return !p->wants_pin && p->secure_boot == 1 &&
	       ask_yes(b,
		       "Shall the TPM open this disk without a PIN from now on? Type "
		       "yes, or press Enter:",
		       GRANT_SECONDS) > 0;
}

/* What was there before could still open it: a slot without a PIN, or one for the
 * firmware's keys as they were. */
static void drop_all(struct boot *b)
{
	_cleanup_free_ char *device = xasprintf("/dev/%s", b->partition.node);
	struct error err;

	if (b->protection.has_token &&
	    enrol_drop(device, (struct enrol_wipe){.what = WIPE_ALL}, &err) < 0)
		consoles_say(b->consoles, "The TPM's slots stay on the disk: %s.",
			     err.message);
	else
		consoles_say(b->consoles, "The TPM doesn't open this disk, until 'atomos "
					  "enroll tpm'.");
}

/* The old slot goes before the new one comes: cut between, or failed, the next start
 * would take that for its owner's wish. */
static void ask_again(struct boot *b, bool pin)
{
	_cleanup_requests_ struct requests there = {0};
	struct error err;

	volume_requests(b->volume, &there);
	for (size_t i = 0; i < there.count; i++)
		if (request_is_tpm(&there.list[i]))
			return;
	if (volume_request_tpm(b->volume, pin, &err) < 0)
		consoles_say(b->consoles,
			     "A new slot for the TPM can't be noted on the disk (%s): "
			     "should it fail, 'atomos enroll tpm' asks for another.",
			     err.message);
	b->asked_again = true;
}

/* With the password that was typed, or everybody's. */
static void tell_anew(struct boot *b, struct pin *pin)
{
	_cleanup_secret_ struct secret *chosen = NULL;
	struct enrol e = {
		.password = b->proof,
		.slot = true,
		.wipe = {.what = b->protection.has_token ? WIPE_ALL : WIPE_NOTHING}};

	if (protection_with_pin(&b->protection)) {
		chosen = choose_tpm_pin(b);
		if (!chosen && !goes_without_pin(b)) {
			drop_all(b);
			return;
		}
		e.tpm_pin = chosen;
	}
	pin->with_pin = !!chosen;
	if (b->owned && e.wipe.what == WIPE_ALL)
		ask_again(b, pin->with_pin);
	tell_tpm(b, &e, pin, false);
}

/* What was granted, and nothing that only a new slot may change: by PCR 7 and Secure Boot
 * people are warned later. */
static void tell_granted(struct boot *b, const struct pin *pin)
{
	const struct pin *old = &b->protection.reading.pin;
	struct enrol e = {0};
	struct pin granted = *pin;

	granted.secure_boot = old->secure_boot;
	memcpy(granted.pcr7, old->pcr7, PIN_HASH_SIZE);
	tell_tpm(b, &e, &granted, false);
}

/* Whether to tell the TPM, and what. `changed`: the owner has granted something. */
static void tell(struct boot *b, struct pin *pin, bool changed)
{
	const struct protection *p = &b->protection;
	enum renewal renewal = protection_renewal(p, b->opener);
	/* Asked for in a start that needed no password, and one was typed for it. */
	bool wanted = b->opener == OPENER_TPM && b->proof && p->wants_pin;
	enum opener opener = wanted	? OPENER_PASSWORD
			     : b->owned ? b->opener
					: OPENER_GENERIC;

	if (b->proof && decide(b, opener) != ENROL_NO)
		tell_anew(b, pin);
	else if (renewal != RENEW_NOTHING)
		renew(b, renewal, pin);
	if (!b->told && changed && protection_trusts(p) && !p->left)
		tell_granted(b, pin);
	if (!b->owned && p->answered && p->reading.state != PIN_UNAVAILABLE &&
	    p->reading.state != PIN_NONE && !p->same_volume)
		consoles_say(b->consoles, "The TPM keeps something for another disk; it "
					  "isn't used for this one.");
}

/* Wherever it is looked for at the next start. */
static bool is_stored(const struct boot *b, const struct granting *g, bool kept)
{
	return !g->changed || (kept && (b->told || !protection_trusts(&b->protection)));
}

int step_enrol(struct boot *b, struct error *err _unused_)
{
	struct pin old = {0}, pin;
	const struct pin *pinned;
	struct granting granted;
	bool known, kept;
	struct error e;

	if (b->partition.medium)
		return 0;
	if (!b->owned && !b->proof) {
		b->proof = generic_password(b);
		if (b->proof && volume_learn(b->volume, b->proof, &e) < 0)
			secret_free(TAKE_PTR(b->proof));
	}
	ask_beside_key(b);
	known = remembered(b, &old);
	pin = new_pin(b, known ? &old : NULL);
	/* Tokens can be edited, or gone. */
	b->protection.has_pin |= known && old.with_pin;
	granted = grant_requests(b, &pin);
	tell(b, &pin, granted.changed);
	if (b->owned && !known && b->enrolled && !pin.with_pin)
		consoles_say(
			b->consoles,
			"Nothing has told whether the TPM wants a PIN, too: it opens "
			"this disk without one, until 'atomos enroll tpm --pin'.");
	kept = keep_record(b, &pin);
	/* The slot is what was asked for. */
	if (granted.answered && is_stored(b, &granted, kept))
		drop_requests(b, granted.tpm_waits && !b->enrolled ? DROP_BUT_TPM
								   : DROP_ALL);
	else if (b->asked_again && b->enrolled)
		drop_requests(b, DROP_TPM);
	secret_free(TAKE_PTR(b->proof));
	secret_free(TAKE_PTR(b->tpm_pin));
	b->remembered = protection_remembers(
		&b->protection, &(struct keeping){known, b->told, kept, &old, &pin},
		&pinned);
	b->pinned = *pinned;
	b->recorded = kept || b->remembered == REMEMBERED_BY_HEADER;
	return 0;
}
