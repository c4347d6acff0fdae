/* SPDX-License-Identifier: MIT */
/* Changes the header: slots come proven, and go once another was proven. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/answers-token.h"
#include "core/recovery-key.h"
#include "core/token.h"
#include "init/luks-shape.h"
#include "init/request.h"
#include "owner/header-internal.h"

/* Ours: the boot takes much longer ones, and no request needs that. */
#define REQUEST_LENGTH_MAX 1024
#define MEGABYTE_IN_KIB 1024U
#define ARGON_KIB_MIN 32
#define ARGON_TIME_MIN 4
/* 256 random bits don't get safer by work; libcryptsetup wants 1000 at least. */
#define RANDOM_ITERATIONS 1000

/* How the key of the next slot is derived. */
static int set_cost(struct header *h, const struct slot_new *n)
{
	struct crypt_pbkdf_type pbkdf = {
		.type = CRYPT_KDF_ARGON2ID,
		.hash = "sha512",
		.time_ms = n->cost.milliseconds,
		.max_memory_kb =
			MIN(n->cost.megabytes * MEGABYTE_IN_KIB, LUKS_ARGON_KIB_MAX),
		.parallel_threads = LUKS_ARGON_CPUS_MAX,
	};

	if (n->kind == SLOT_RECOVERY) {
		pbkdf = (struct crypt_pbkdf_type){.type = CRYPT_KDF_PBKDF2,
						  .hash = "sha512",
						  .iterations = RANDOM_ITERATIONS,
						  .flags = CRYPT_PBKDF_NO_BENCHMARK};
	} else if (n->cost.milliseconds == 0) {
		pbkdf.iterations = ARGON_TIME_MIN;
		pbkdf.max_memory_kb = ARGON_KIB_MIN;
		pbkdf.parallel_threads = 1;
		pbkdf.flags = CRYPT_PBKDF_NO_BENCHMARK;
	}
	return crypt_set_pbkdf_type(h->device, &pbkdf);
}

static int write_token(struct header *h, int slot, const struct slot_new *n)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	_cleanup_free_ char *number = xasprintf("%d", slot);
	bool password = n->kind == SLOT_PASSWORD;
	int r = sd_json_buildo(
		&token,
		SD_JSON_BUILD_PAIR_STRING("type", password ? "atomos-password"
							   : "systemd-recovery"),
		SD_JSON_BUILD_PAIR("keyslots",
				   SD_JSON_BUILD_ARRAY(SD_JSON_BUILD_STRING(number))),
		SD_JSON_BUILD_PAIR_CONDITION(password, "user",
					     SD_JSON_BUILD_STRING(n->user)));

	return r < 0 ? r : token_add(h->device, token);
}

static int prove(struct header *h, int slot, const struct secret *secret)
{
	int r = crypt_activate_by_passphrase(h->device, NULL, slot, secret->data,
					     secret->size, 0);

	return r < 0 ? r : 0;
}

int header_room(struct header *h, struct error *err)
{
	struct slots slots;
	int r = header_slots(h, &slots, err);

	if (r < 0)
		return r;
	return slots.count < LUKS_SLOTS_MAX
		       ? 0
		       : fail(err, -ENOSPC,
			      "The disk has room for %d ways to open it and has them "
			      "all: "
			      "remove one first with 'atomos enroll remove'",
			      LUKS_SLOTS_MAX);
}

int header_add(struct header *h, const struct slot_new *n, struct error *err)
{
	int r = header_room(h, err), slot;

	if (r < 0)
		return r;
	r = set_cost(h, n);
	if (r < 0)
		return header_fail(h, err, r, "A new slot of the disk can't be made");
	slot = crypt_keyslot_add_by_passphrase(h->device, CRYPT_ANY_SLOT,
					       n->authority->data, n->authority->size,
					       n->secret->data, n->secret->size);
	if (slot == -EPERM)
		return fail(err, -EKEYREJECTED, "That doesn't open the disk");
	if (slot < 0)
		return header_fail(h, err, slot, "A new slot of the disk can't be made");
	r = prove(h, slot, n->secret);
	if (r == 0)
		r = write_token(h, slot, n);
	if (r < 0) {
		(void)crypt_keyslot_destroy(h->device, slot);
		return header_fail(h, err, r,
				   "The disk's new slot doesn't open it and was removed");
	}
	return slot;
}

static int drop_token(struct header *h, int token, const char *type _unused_,
		      const char *json _unused_, void *context)
{
	const int *slot = context;

	if (crypt_token_is_assigned(h->device, token, *slot) < 0)
		return 0;
	return MIN(crypt_token_json_set(h->device, token, NULL), 0);
}

/* Some slot but this one opens with the secret. */
static int prove_another(struct header *h, int slot, const struct secret *proof,
			 struct error *err)
{
	struct slots slots;
	bool opens_this = false;
	int r = header_slots(h, &slots, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < slots.count; i++) {
		if (prove(h, slots.list[i].number, proof) < 0)
			continue;
		if (slots.list[i].number != slot)
			return 0;
		opens_this = true;
	}
	if (opens_this)
		return fail(err, -EBUSY,
			    "That opens only the slot which is to be removed: name "
			    "another password or the recovery key");
	return fail(err, -EKEYREJECTED, "That doesn't open the disk");
}

int header_remove(struct header *h, int slot, const struct secret *proof,
		  struct error *err)
{
	int r = prove_another(h, slot, proof, err);

	if (r < 0)
		return r;
	/* The token first: one that names no slot would make the header invalid. */
	r = header_tokens(h, drop_token, &slot);
	if (r == 0)
		r = crypt_keyslot_destroy(h->device, slot);
	return r < 0 ? header_fail(h, err, r, "The disk's slot can't be removed") : 0;
}

char *header_answers(struct header *h)
{
	return token_find(h->device, ANSWERS_TOKEN, "open");
}

/* All of the type that `context` names. */
static int drop_type(struct header *h, int token, const char *type,
		     const char *json _unused_, void *context)
{
	return streq(type, context) ? MIN(crypt_token_json_set(h->device, token, NULL), 0)
				    : 0;
}

int header_drop_answers(struct header *h, struct error *err)
{
	int r = header_tokens(h, drop_type, ANSWERS_TOKEN);

	return r < 0 ? header_fail(h, err, r,
				   "The installation's answers can't be removed")
		     : 0;
}

int header_set_keymap(struct header *h, const char *keymap, struct error *err)
{
	int r = header_tokens(h, drop_type, KEYMAP_TOKEN);

	if (r == 0 && !streq(keymap, "us"))
		r = token_add_text(h->device, KEYMAP_TOKEN, "keymap", keymap);
	return r < 0 ? header_fail(h, err, r, "The keyboard can't be noted on the disk")
		     : 0;
}

/* What a request is about: its kind, or a key, with the colon before it. */
static const char *subject(const char *want, size_t *ret_size)
{
	const char *key = startswith(want, "trust=") || startswith(want, "distrust=")
				  ? strrchr(want, ':')
				  : NULL;

	*ret_size = key ? strlen(key) : strcspn(want, "=");
	return key ? key : want;
}

static bool same_subject(const char *a, const char *b)
{
	size_t sizes[2];

	a = subject(a, &sizes[0]);
	b = subject(b, &sizes[1]);
	return sizes[0] == sizes[1] && memcmp(a, b, sizes[0]) == 0;
}

struct asked {
	const char *want;
	bool drop;
	size_t others; /* requests about something else */
};

/* One about the same, made before: the newest counts. */
static int find_request(struct header *h, int token, const char *type, const char *json,
			void *context)
{
	struct asked *a = context;
	_cleanup_free_ char *want = NULL;
	bool same;

	if (!streq(type, REQUEST_TOKEN))
		return 0;
	want = token_decode(json, "want");
	same = want && same_subject(want, a->want);
	a->others += !same;
	return same && a->drop ? MIN(crypt_token_json_set(h->device, token, NULL), 0) : 0;
}

/* The letters that init/luks-tokens.c allows: with any other the boot would refuse the
 * header. */
static bool request_ok(const char *want)
{
	size_t n = strlen(want);

	for (size_t i = 0; i < n; i++)
		if (!isascii((unsigned char)want[i]) || !isgraph((unsigned char)want[i]))
			return false;
	return n > 0 && n <= REQUEST_LENGTH_MAX;
}

int header_request(struct header *h, const char *want, bool wanted, struct error *err)
{
	struct asked asked = {.want = want};
	int r;

	if (!request_ok(want))
		return fail(
			err, -EINVAL,
			"The request can't be noted on the disk: it may have letters, "
			"digits and signs of ASCII only, %d at most",
			REQUEST_LENGTH_MAX);
	(void)header_tokens(h, find_request, &asked);
	if (wanted && asked.others >= REQUESTS_MAX)
		return fail(err, -ENOSPC,
			    "The next start answers %d requests at most, and has as many "
			    "already: start the machine first",
			    REQUESTS_MAX);
	asked.drop = true;
	r = header_tokens(h, find_request, &asked);
	if (r == 0 && wanted)
		r = token_add_text(h->device, REQUEST_TOKEN, "want", want);
	return r < 0 ? header_fail(h, err, r, "The request can't be noted on the disk")
		     : 0;
}
