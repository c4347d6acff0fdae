/* SPDX-License-Identifier: MIT */
/* Steps in which the TPM opens an installed disk, or is told to: docs/boot.md, (c) to
 * (e). Every use of the TPM is in a child, and none can keep the password prompt away. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/enrol.h"
#include "init/find.h"
#include "init/owner-key.h"
#include "init/prompt.h"
#include "init/tpm-job.h"

#define EXTRA_MAX (1U << 20)
#define PROMPT_MILLISECONDS 5000

struct extra {
	char *key, *signature;
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
		    0)
		return false;
	ret->tpm = (struct pin_tpm){"device", "/dev/tpmrm0", ret->key, ret->signature};
	return true;
}

/* What the child is given, and its answer. */
struct asking {
	struct protection p;
	const struct pin_tpm *tpm;
	struct volume *volume;
	bool owned;
};

/* The token's plugin talks to standard error; what counts is said in words of ours. */
static void be_silent(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Runs in the child: (c) the pin, then (d) the disk. */
static void look(void *context)
{
	struct asking *a = context;
	struct protection *p = &a->p;
	struct error err;

	be_silent();
	if (pin_tpm_read(a->tpm, &p->reading, &err) < 0)
		log_warning("%s", err.message);
	p->answered = true;
	p->same_volume = p->reading.state == PIN_GOOD &&
			 memcmp(p->reading.pin.volume, volume_key_digest(a->volume),
				VOLUME_DIGEST_SIZE) == 0;
	if (a->owned && p->has_token && protection_trusts(p))
		p->unlock = volume_unlock_by_tpm(a->volume);
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

/* The prompt is there after 5 s at the latest; whoever opens the disk first has won. */
static int race(struct boot *b, struct tpm_job *job, struct error *err)
{
	int r = 0;

	take_answer(b, job, PROMPT_MILLISECONDS);
	say_why(b);
	while (!b->open && r == 0) {
		r = ask_password(b, job->fd >= 0 ? &job->fd : NULL, err);
		if (r == -ECANCELED || (r < 0 && volume_is_open(VOLUME_NAME))) {
			take_answer(b, job, PROMPT_MILLISECONDS);
			say_why(b);
			r = 0;
		}
	}
	return r;
}

int step_tpm(struct boot *b, struct error *err)
{
	_cleanup_extra_ struct extra extra = {0};
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
	a = (struct asking){*p, &extra.tpm, b->volume, b->owned};
	if (p->usable && tpm_job_start(&job, look, &a, sizeof(a), &e) < 0)
		log_warning("%s", e.message);
	if (b->owned)
		r = race(b, &job, err);
	else
		take_answer(b, &job, PROMPT_MILLISECONDS);
	tpm_job_end(&job);
	return r;
}

static enum enrolment decide(struct boot *b, enum opener opener)
{
	enum enrolment wanted = protection_enrolment(&b->protection, opener);

	if (wanted == ENROL_ASK_FIRMWARE)
		return ask_yes(b, "Without Secure Boot anybody can start something else "
				  "on this machine. Shall the TPM open the disk all the "
				  "same? Type yes, or press Enter:")
			       ? ENROL_YES
			       : ENROL_NO;
	if (wanted == ENROL_ASK_OTHER_DISK)
		return ask_yes(b, "Shall the TPM open this disk from now on, and no "
				  "longer the other one? Type yes, or press Enter:")
			       ? ENROL_YES
			       : ENROL_NO;
	return wanted;
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

	pin.lowest_release = MAX(pin.lowest_release, b->settings.release);
	pin.secure_boot = p->secure_boot == 1;
	memcpy(pin.volume, volume_key_digest(b->volume), VOLUME_DIGEST_SIZE);
	memcpy(pin.pcr7, p->reading.pcr7, PIN_HASH_SIZE);
	if (!b->owned)
		make_owner_key(b, &pin);
	return pin;
}

static void tell_tpm(struct boot *b, const struct pin *pin)
{
	_cleanup_extra_ struct extra extra = {0};
	_cleanup_free_ char *device = xasprintf("/dev/%s", b->partition.node);
	const struct enrol e = {.device = device,
				.password = b->proof,
				.wipe = b->protection.has_token,
				.tpm = &extra.tpm,
				.pin = pin};
	struct error err;

	if (!read_extra(&extra))
		return;
	consoles_say(b->consoles, "Telling the TPM to open this disk.");
	if (enrol(&e, &err) < 0)
		consoles_say(b->consoles,
			     "The TPM can't be told to open this disk: %s. Its passwords "
			     "open it as before.",
			     err.message);
	else
		b->enrolled = true;
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

static void tell(struct boot *b, const struct pin *pin)
{
	const struct protection *p = &b->protection;
	enum enrolment how = decide(b, b->owned ? b->opener : OPENER_GENERIC);

	if (how != ENROL_NO && b->proof)
		tell_tpm(b, pin);
	else if (!b->owned && p->answered && p->reading.state != PIN_UNAVAILABLE &&
		 p->reading.state != PIN_NONE && !protection_trusts(p))
		consoles_say(b->consoles, "The TPM keeps something for another disk; it "
					  "isn't used for this one.");
}

int step_enrol(struct boot *b, struct error *err _unused_)
{
	struct pin old = {0}, pin;
	bool known, kept;
	struct error e;

	if (b->partition.medium)
		return 0;
	if (!b->owned && !b->proof) {
		b->proof = generic_password(b);
		if (b->proof && volume_learn(b->volume, b->proof, &e) < 0)
			secret_free(TAKE_PTR(b->proof));
	}
	known = remembered(b, &old);
	pin = new_pin(b, known ? &old : NULL);
	tell(b, &pin);
	kept = keep_record(b, &pin);
	secret_free(TAKE_PTR(b->proof));
	/* What this start's system is weighed against: without an owner nothing. */
	b->has_pinned = b->owned && (b->enrolled || kept || known);
	b->pinned = b->enrolled || kept ? pin : old;
	return 0;
}
