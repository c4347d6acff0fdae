/* SPDX-License-Identifier: MIT */
/* The LUKS2 header of the installed disk: its slots, and who opens each. No slot goes
 * before another was proven to open the volume. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/secret.h"
#include "init/luks-shape.h"

#define HEADER_USER_MAX 32
#define HEADER_SALT_MAX 64 /* base64 of 32 bytes; ours have no more */

enum slot_kind {
	SLOT_OTHER, /* no token names it: the generic password, or somebody else's */
	SLOT_PASSWORD,
	SLOT_RECOVERY,
	SLOT_TPM,
	SLOT_FIDO2,
};

struct slot {
	int number;
	enum slot_kind kind;
	char user[HEADER_USER_MAX + 1]; /* of SLOT_PASSWORD */
	bool pin;			/* of SLOT_TPM: wants one, too */
	/* Of the key's derivation, in base64: a slot that gets another password gets
	 * another one. */
	char salt[HEADER_SALT_MAX + 1];
};

struct slots {
	struct slot list[LUKS_SLOTS_MAX];
	size_t count;
};

/* How much work one try of a typed password is (Argon2id). 0: the least there is. */
struct slot_cost {
	unsigned milliseconds, megabytes;
};

struct slot_new {
	enum slot_kind kind;		/* SLOT_PASSWORD or SLOT_RECOVERY */
	const char *user;		/* of SLOT_PASSWORD */
	const struct secret *authority; /* opens the volume now */
	const struct secret *secret;
	struct slot_cost cost; /* a recovery key needs none */
};

struct header;

/* Loads the header of a device or file. */
int header_open(const char *path, struct header **ret, struct error *err);
void header_free(struct header *h);
DEFINE_FREEP(struct header, header_free)
#define _cleanup_header_ _cleanup_(header_freep)

/* What slots there are, in the order of their numbers. */
int header_slots(struct header *h, struct slots *ret, struct error *err);
/* That of one number; -ENOENT with a sentence when there is none. */
int header_slot(struct header *h, int number, struct slot *ret, struct error *err);

/* Whether it keeps a record for the owner (init/record.h). Who may write one can't be
 * told without a password. */
bool header_has_record(struct header *h);

/* The slot that opens with this secret; -EKEYREJECTED (no words) when none does. */
int header_try(struct header *h, const struct secret *secret);

/* -ENOSPC with a sentence when one slot more would be too many for the boot. */
int header_room(struct header *h, struct error *err);

/* Adds a slot, proves it by opening the volume's key with it, and writes its token.
 * Returns its number; after a failure there is no new slot. -EKEYREJECTED when the
 * authority doesn't open the volume. */
int header_add(struct header *h, const struct slot_new *n, struct error *err);

/* Removes a slot and its token once `proof` has opened another one; -EKEYREJECTED when it
 * doesn't, -EBUSY when it opens just this slot. */
int header_remove(struct header *h, int slot, const struct secret *proof,
		  struct error *err);

/* The keymap of the password prompt at boot (core/token.h); "us" takes the token
 * away. */
int header_set_keymap(struct header *h, const char *keymap, struct error *err);

/* The part of an installation's answers (core/answers-token.h) that anybody may have
 * written, in base64; NULL: none. Freed by the caller. */
char *header_answers(struct header *h);
/* Takes them away, with what is sealed beside. */
int header_drop_answers(struct header *h, struct error *err);

/* Asks the next start for something (init/request.h), or takes that back. An older
 * request of that kind, or about that key, goes. -ENOSPC: there are as many as a start
 * answers. */
int header_request(struct header *h, const char *want, bool wanted, struct error *err);

/* "Ada's password", "the recovery key", …: freed by the caller. */
char *slot_words(const struct slot *s);
