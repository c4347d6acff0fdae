/* SPDX-License-Identifier: MIT */
/* The questions of the first boot and of the medium, as a pure state machine: it shows a
 * screen, takes an answer, and says what is to be done. It touches nothing itself. */
#pragma once

#include <stdbool.h>

#include "base/secret.h"
#include "owner/answers.h"
#include "welcome/screen.h"
#include "owner/zones.h"

/* What must be known to ask. All is borrowed and outlives the flow. */
struct flow_facts {
	const char *system;	/* the product's name for people */
	char *const *languages; /* locales; a single one isn't asked for */
	/* owner/languages.h; NULL: they are shown as they are. */
	char *(*language_words)(const char *locale);
	char *const *keymaps;
	const char *keymap;    /* the one in use */
	const char *keyboards; /* owner/keyboards.h; NULL: no such table */
	const struct zones *zones;
	bool network;		       /* there is a connection */
	bool network_tool;	       /* and a program to make one */
	bool tpm_opens;		       /* the disk will open by itself */
	const char *tpm_says;	       /* why not, in a sentence; NULL: nothing to say */
	const struct secret *recovery; /* as it is when it is shown */
	unsigned challenge;    /* the group of the recovery key that is typed back */
	char *const *accounts; /* names that are taken */
	const struct secret *generic; /* the password that nobody may choose, or NULL */
	/* Quality of a password (owner/quality.h). */
	int (*judge)(const struct secret *password, const char *user, char *words);
};

struct flow_answers {
	char *language, *keymap, *zone, *real_name, *name;
	bool administrator;
	struct secret *password;
};

enum flow_next {
	FLOW_ON,      /* show the next screen */
	FLOW_KEYMAP,  /* use the keymap that was chosen, then go on */
	FLOW_NETWORK, /* run the program that makes a connection, then go on */
	FLOW_APPLY,   /* all is known: do it */
};

struct flow;

struct flow *flow_new(const struct flow_facts *facts);
void flow_free(struct flow *f);
DEFINE_FREEP(struct flow, flow_free)
#define _cleanup_flow_ _cleanup_(flow_freep)

/* Answers that were given beforehand: what they are about isn't asked. What this system
 * doesn't offer is, and so is a password that everybody knows. Before the first screen.
 */
void flow_preset(struct flow *f, const struct answers *a);
/* Whether nothing is left to ask: all is known, as after FLOW_APPLY. */
bool flow_complete(const struct flow *f);
/* From here on everything can be asked, as if nothing had been given beforehand: from
 * the beginning when nothing was asked so far, else from where it is. */
void flow_forget_preset(struct flow *f);

/* The present screen. */
void flow_show(const struct flow *f, struct screen *ret);
/* Takes the answer to it. */
enum flow_next flow_take(struct flow *f, const struct answer *a);
/* The connection may have been made meanwhile. */
void flow_set_network(struct flow *f, bool network);
/* What came of FLOW_NETWORK: goes on with one, and else asks for it again. */
void flow_tried_network(struct flow *f, bool network);
/* What was answered; complete after FLOW_APPLY. */
const struct flow_answers *flow_answers(const struct flow *f);
