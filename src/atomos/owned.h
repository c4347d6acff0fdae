/* SPDX-License-Identifier: MIT */
/* The disk of the machine that atomos runs on. */
#pragma once

#include "base/error.h"
#include "owner/boot-facts.h"
#include "owner/config.h"
#include "owner/header.h"

struct owned {
	struct boot_facts boot;
	struct config config;
	struct header *header;
	char *device;
};

/* Opens its header; fails with a sentence on a medium, without an owner, and without
 * root's rights. */
int owned_open(struct owned *ret, struct error *err);
void owned_done(struct owned *o);
#define _cleanup_owned_ _cleanup_(owned_done)

/* Asks for something that opens the disk, until it does (three tries). A recovery key may
 * be written in any way. */
int owned_ask(struct owned *o, const char *prompt, struct secret *ret, struct error *err);

/* Whether this opens the disk; brings a recovery key into its form. */
bool owned_opens(struct owned *o, struct secret *typed);

/* Asks for the password that this account logs in with, until it is (three tries). Fails
 * when homed's record can't tell: what was mistyped would open the disk, and the account
 * not. */
int owned_ask_account(const char *prompt, const char *user, struct secret *ret,
		      struct error *err);

/* Whether there is a slot with the password of this account. */
bool owned_has_slot(const struct slots *slots, const char *user);

/* Names of the accounts that log in with the generic password (or NULL), as far as
 * homed's records tell. Freed by the caller. */
char **owned_public(const struct secret *generic);
/* Names of the accounts whose slot has another password than they log in with. Freed by
 * the caller. */
char **owned_differing(const struct slots *slots);
/* Whose password a slot has. */
enum slot_user {
	SLOT_USER_GOOD, /* an administrator's, or nothing tells; or it isn't a password */
	SLOT_USER_PLAIN, /* somebody's who is no administrator */
	SLOT_USER_GONE,	 /* of an account that isn't there */
};

/* `homes`: their partition is mounted. Without it, and with a home that homed has no
 * record of, nobody is said to be gone. */
enum slot_user owned_slot_user(const struct slot *slot, bool homes);

/* Those of both that were noted as files of DIFFERING_DIR, for who hasn't root's rights:
 * the first have PUBLIC_NOTE in them, the others nothing. */
#define DIFFERING_DIR "/run/atomos/passwords"
#define PUBLIC_NOTE "public\n"
char **owned_noted(const char *note);

/* The user's other slots go, once everything else of the new password is on the disk: the
 * note which one the slot `mine` was made with, and whatever was written before. It opens
 * that slot. */
int owned_finish_password(struct owned *o, const struct slot *mine,
			  const struct secret *password, struct error *err);

/* Adds the user's password as a slot and takes the user's other slots away. `authority`
 * opens the disk now. */
int owned_set_password(struct owned *o, const char *user, const struct secret *authority,
		       const struct secret *password, struct error *err);

/* Removes all slots of this kind (and user, where not NULL) but one. */
int owned_drop_others(struct owned *o, const struct slot *like,
		      const struct secret *proof, struct error *err);
