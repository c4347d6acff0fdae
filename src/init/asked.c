/* SPDX-License-Identifier: MIT */
/* What the owner is asked beside the password: the TPM's PIN, and what the running system
 * wants granted. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/limit.h"
#include "init/prompt.h"
#include "init/security-key.h"

#define TRIES 3
#define TRY_SECONDS 20
#define TOUCH_SECONDS 60
#define PIN_LENGTH_MIN 4
#define NEW_PIN                                                                          \
	"PIN that opens this disk together with the TPM from now on (the old one will "  \
	"do); "                                                                          \
	"Enter: the TPM doesn't open it:"
#define HEX_SIZE (2 * PIN_HASH_SIZE + 1)

/* Hidden; false when only Enter was pressed, or nobody is there (0 seconds: waits). */
static bool ask_hidden(struct boot *b, const char *text, unsigned seconds,
		       struct secret *ret)
{
	const struct question q = {.text = text, .hidden = true, .seconds = seconds};

	return prompt(b->consoles, &q, ret, NULL) == 0 && ret->size > 0;
}

/* How a device opens the volume; pin may be NULL. */
typedef int (*opening)(struct volume *v, int token, const struct secret *pin);

struct try_work {
	struct volume *volume;
	opening open;
	int token; /* for `open` */
	int pin;   /* negative: none */
};

/* Runs in a child, in which secrets are empty. */
static int try_in_child(void *context, struct error *err)
{
	const struct try_work *w = context;
	_cleanup_secret_ struct secret *pin = secret_new();
	int r = w->pin >= 0 ? secret_read_file(w->pin, pin) : 0;

	be_silent();
	if (r == 0)
		r = w->open(w->volume, w->token, w->pin >= 0 ? pin : NULL);
	return r < 0 ? fail(err, r, "%s", strerror(-r)) : r;
}

/* The slot, or what libcryptsetup says; -ETIMEDOUT when the device is mute. */
static int try_device(struct boot *b, opening open, const struct secret *pin,
		      unsigned seconds)
{
	_cleanup_close_ int fd = pin ? secret_file(pin) : -EBADF;
	struct try_work w = {b->volume, open, b->protection.own_token, fd};
	const struct limited l = {try_in_child, &w, seconds, NULL};
	struct error err;

	return pin && fd < 0 ? fd : run_limited(&l, &err);
}

static int open_by_tpm(struct volume *v, int token, const struct secret *pin)
{
	return volume_unlock_by_tpm(v, token, pin, NULL);
}

/* True when there is nothing more to try. */
static bool answered(struct boot *b, int r, struct secret **pin)
{
	struct protection *p = &b->protection;
	const char *refusal = protection_pin_refusal(r);

	if (refusal) {
		consoles_say(b->consoles, "%s.", refusal);
		return false;
	}
	p->unlock = r;
	if (r < 0) {
		consoles_say(b->consoles, "%s.", protection_words(p));
		return true;
	}
	b->open = true;
	b->opener = OPENER_TPM;
	b->slot = r;
	b->tpm_pin = TAKE_PTR(*pin);
	return true;
}

void ask_tpm_pin(struct boot *b)
{
	_cleanup_secret_ struct secret *pin = secret_new();
	_cleanup_free_ char *text = xasprintf(
		"PIN for this AtomOS disk (%s), or press Enter for the password:",
		disk_name(b));

	for (int i = 0; i < TRIES; i++)
		if (!ask_hidden(b, text, 0, pin) ||
		    answered(b, try_device(b, open_by_tpm, pin, TRY_SECONDS), &pin))
			return;
}

static int open_by_key(struct volume *v, int token _unused_, const struct secret *pin)
{
	return volume_unlock_by_key(v, pin);
}

static int touch(struct boot *b, const struct secret *pin)
{
	consoles_say(b->consoles, "Touch the security key when it blinks.");
	return try_device(b, open_by_key, pin, TOUCH_SECONDS);
}

int ask_security_key(struct boot *b, struct error *err)
{
	_cleanup_secret_ struct secret *pin = secret_new();
	bool typed = false;
	int r = step_leave(b, err);

	if (r < 0)
		return r;
	b->protection.left = true;
	/* Nothing to touch yet. */
	r = volume_keys_want_pin(b->volume) ? -ENOANO : touch(b, NULL);
	if (security_key_answer(r, typed) == KEY_WANTS_PIN) {
		typed = ask_hidden(
			b, "PIN of the security key, or press Enter for none:", 0, pin);
		if (typed)
			r = touch(b, pin);
	}
	if (security_key_answer(r, typed) != KEY_OPENED) {
		consoles_say(b->consoles, "%s.", security_key_words(r, typed));
		return 0;
	}
	b->open = true;
	b->opener = OPENER_FIDO2;
	b->slot = r;
	return 1;
}

struct secret *choose_tpm_pin(struct boot *b)
{
	_cleanup_secret_ struct secret *pin = secret_new(), *again = secret_new();

	while (ask_hidden(b, NEW_PIN, GRANT_SECONDS, pin)) {
		if (pin->size < PIN_LENGTH_MIN) {
			consoles_say(b->consoles, "A PIN has at least %d characters.",
				     PIN_LENGTH_MIN);
			continue;
		}
		if (ask_hidden(b, "The same PIN again:", GRANT_SECONDS, again) &&
		    secret_equal(pin, again))
			return TAKE_PTR(pin);
		consoles_say(b->consoles, "That was another one.");
	}
	return NULL;
}

static int ask_key(struct boot *b, const char *name,
		   const uint8_t hash[static PIN_HASH_SIZE], bool trust)
{
	_cleanup_free_ char *text = NULL;
	char hex[HEX_SIZE];

	hex_encode(hash, PIN_HASH_SIZE, hex);
	text = xasprintf("The running system asked this machine to trust the key %s, "
			 "SHA-256 %s%s: systems that it signed %s be started. Type yes, "
			 "or press Enter:",
			 name, hex, trust ? "" : ", no longer",
			 trust ? "would" : "wouldn't");
	return ask_yes(b, text, GRANT_SECONDS);
}

/* Each as ask_yes: 1 when it was granted. */

static int grant_key(struct boot *b, const struct request *request, struct pin *pin)
{
	const struct public_key *key = &request->key.keys[0];
	bool trust = request->kind == REQUEST_TRUST;
	uint8_t hash[PIN_HASH_SIZE];
	int r;

	public_key_hash(key, hash);
	if (trust == (pin_owner(pin, hash) >= 0))
		return 0;
	if (trust && pin->owner_count == PIN_OWNERS_MAX) {
		consoles_say(b->consoles,
			     "There is no room for the key %s: this machine trusts %d "
			     "already. Take one back with 'atomos keys distrust'.",
			     key->name, PIN_OWNERS_MAX);
		return 0;
	}
	r = ask_key(b, key->name, hash, trust);
	if (r > 0 && trust)
		memcpy(pin->owners[pin->owner_count++], hash, sizeof(hash));
	else if (r > 0)
		pin_remove_owner(pin, hash);
	return r;
}

static int grant_release(struct boot *b, uint64_t release, struct pin *pin)
{
	_cleanup_free_ char *text =
		xasprintf("The running system asked for systems down to release %" PRIu64
			  " to be started, so far %" PRIu64 ". Type yes, or press Enter:",
			  release, pin->lowest_release);

	int r = release < pin->lowest_release ? ask_yes(b, text, GRANT_SECONDS) : 0;

	if (r > 0) {
		pin->lowest_release = release;
		pin->granted_at = b->settings.release;
	}
	return r;
}

/* A yes would lead to nothing when it can't be told. */
static bool can_tell(struct boot *b, const char *what, bool *ret_waits)
{
	if (protection_can_tell(&b->protection))
		return true;
	*ret_waits = true;
	consoles_say(b->consoles,
		     "That the TPM opens this disk%s, as the running system asked, waits "
		     "for a start in which the TPM can be told.",
		     what);
	return false;
}

static int grant_tpm(struct boot *b, bool *ret_waits)
{
	int r;

	if (!can_tell(b, "", ret_waits))
		return 0;
	if (b->protection.secure_boot != 1) {
		consoles_say(b->consoles,
			     "With Secure Boot off the TPM would open this disk for any "
			     "system: what the running system asked is refused, 'atomos "
			     "enroll tpm --pin' makes it want a PIN, too.");
		return 0;
	}
	r = ask_yes(b,
		    "The running system asked that the TPM opens this disk. Type yes, or "
		    "press Enter:",
		    GRANT_SECONDS);
	if (r <= 0)
		return r;
	*ret_waits = b->protection.wants_tpm = true;
	/* Nothing that pin or record hold is another one by it. */
	return 0;
}

static int grant_tpm_pin(struct boot *b, struct pin *pin, bool *ret_waits)
{
	int r;

	if (!can_tell(b, " only together with a PIN", ret_waits))
		return 0;
	r = ask_yes(b,
		    "The running system asked that the TPM opens this disk only "
		    "together with a PIN. Type yes, or press Enter:",
		    GRANT_SECONDS);
	if (r <= 0)
		return r;
	*ret_waits = true;
	b->protection.wants_pin = true;
	/* Whatever becomes of the slot, none without a PIN is made from now on. */
	pin->with_pin = true;
	return 1;
}

/* The TPM has just opened the disk in this way: cut between the slot and its request. */
static bool is_there(const struct boot *b, enum request_kind kind)
{
	return b->opener == OPENER_TPM &&
	       (kind == REQUEST_TPM || (kind == REQUEST_TPM_PIN && b->tpm_pin));
}

static int grant_one(struct boot *b, const struct request *r, struct pin *pin,
		     bool *ret_tpm_waits)
{
	if (is_there(b, r->kind))
		return 0;
	switch (r->kind) {
	case REQUEST_TPM:
		return grant_tpm(b, ret_tpm_waits);
	case REQUEST_TPM_PIN:
		return grant_tpm_pin(b, pin, ret_tpm_waits);
	case REQUEST_TRUST:
	case REQUEST_DISTRUST:
		return grant_key(b, r, pin);
	case REQUEST_RELEASE:
		return grant_release(b, r->release, pin);
	}
	return 0;
}

/* Whether a password is at hand. -ETIME: nobody was there to type one. */
static int have_proof(struct boot *b)
{
	struct error err;

	if (b->proof)
		return 0;
	return ask_proof(b,
			 "The running system has asked for something that only the owner "
			 "can grant. Type a password or recovery key of this disk, or "
			 "press Enter to refuse:",
			 GRANT_SECONDS, &b->proof, &err);
}

void drop_requests(struct boot *b, enum dropping which)
{
	struct error err;

	if (volume_drop_requests(b->volume, which, &err) < 0)
		consoles_say(b->consoles,
			     "The requests can't be taken off the disk (%s): they come "
			     "again at the next start.",
			     err.message);
}

static bool all_there(const struct boot *b, const struct requests *requests)
{
	bool all = !requests->too_many;

	for (size_t i = 0; i < requests->count; i++)
		all &= is_there(b, requests->list[i].kind);
	return all;
}

struct granting grant_requests(struct boot *b, struct pin *pin)
{
	_cleanup_requests_ struct requests requests = {0};
	struct granting g = {0};
	int r;

	if (b->owned)
		volume_requests(b->volume, &requests);
	if (requests.count == 0)
		return g;
	if (all_there(b, &requests)) {
		g.answered = true;
		return g;
	}
	/* 'atomos' writes no more. */
	if (requests.too_many) {
		consoles_say(b->consoles,
			     "The running system asked for more than %d things at once: "
			     "they are all refused.",
			     REQUESTS_MAX);
		g.answered = true;
		return g;
	}
	if (b->protection.left && b->protection.usable) {
		consoles_say(
			b->consoles,
			"What the running system asked for waits for a start without "
			"the security key: the TPM can't note it any more.");
		return g;
	}
	r = have_proof(b);
	/* Refused all together, or one by one. */
	g.answered = r == 0 || r == -EPERM;
	for (size_t i = 0; i < requests.count && r == 0; i++) {
		int granted = grant_one(b, &requests.list[i], pin, &g.tpm_waits);

		g.changed |= granted > 0;
		g.answered &= granted >= 0;
	}
	return g;
}
