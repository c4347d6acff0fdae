/* SPDX-License-Identifier: MIT */
/* What protects this machine, in sentences: the lines of `atomos status`. */
#pragma once

#include <stdbool.h>

#include "owner/boot-facts.h"
#include "owner/header.h"
#include "atomos/owned.h"

enum status_level { STATUS_GREEN, STATUS_YELLOW, STATUS_RED };

struct status_line {
	const char *name; /* one word for JSON and the left column */
	enum status_level level;
	char *words;
};

#define STATUS_LINES_MAX 32

struct status {
	struct status_line lines[STATUS_LINES_MAX];
	size_t count;
};

/* Where the private half of this machine's own key is. */
enum owner_secret {
	OWNER_SECRET_UNKNOWN, /* only root may look */
	OWNER_SECRET_NONE,
	OWNER_SECRET_SEALED, /* with a password, in the state */
	OWNER_SECRET_CLEAR,
};

/* What was found out; all borrowed. */
struct status_facts {
	const struct boot_facts *boot;
	const struct slots *slots;	      /* NULL: the header couldn't be read */
	enum slot_user users[LUKS_SLOTS_MAX]; /* of `slots`, in their order */
	char *const *firmware_keys;	      /* names; empty: unknown */
	char *const *differing; /* accounts whose disk slot has another password */
	/* Homes that no password of their user encrypts, with a remark where that is only
	 * not known; NULL: who keeps what how couldn't be read. */
	char *const *open_homes;
	char *const *public; /* accounts that have the generic one */
	/* Why the last try to start failed; NULL: none did in this power-on. */
	const char *failure;
	bool record; /* the disk's header has one, whatever it says */
	enum owner_secret secret;
};

/* Released by status_done. */
void status_find(const struct status_facts *f, struct status *ret);
void status_done(struct status *s);
#define _cleanup_status_ _cleanup_(status_done)

/* The worst of its lines. */
enum status_level status_level(const struct status *s);
const char *status_word(enum status_level level);
