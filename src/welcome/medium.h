/* SPDX-License-Identifier: MIT */
/* The medium's menu and the installer's questions, as a pure state machine. */
#pragma once

#include "welcome/screen.h"
#include "welcome/targets.h"

enum medium_step {
	MEDIUM_MENU,
	MEDIUM_NETWORK,
	MEDIUM_WHERE,
	MEDIUM_CONFIRM,
	MEDIUM_TPM,
	MEDIUM_INSTALLED,
};

enum medium_next {
	MEDIUM_ON,	/* show the next screen */
	MEDIUM_TRY,	/* log in to the live system */
	MEDIUM_REACH,	/* see whether a network is lacking, and tell medium_network */
	MEDIUM_CONNECT, /* run the program that makes a connection, then the same */
	MEDIUM_LIST,	/* look at the disks and put them into `targets`, then go on */
	MEDIUM_INSTALL, /* install to `chosen`, heeding `take_tpm`, then call
			   medium_installed or medium_failed */
	MEDIUM_OFF,
	MEDIUM_RESTART,
};

struct medium {
	const char *system;
	bool running;	/* asked for in the live system: there is nothing to try, and what
			   would lead to the menu leads out */
	bool installed; /* the running system is an installed one: no medium is taken out
			 */
	struct targets targets;	       /* the owner's to fill and release */
	enum medium_step step, before; /* `before` the question about the network */
	size_t chosen;
	bool take_tpm; /* it is to open the new system instead of another one */
	char *note;    /* what the installation had to say */
	char *error;
};

void medium_done(struct medium *m);
#define _cleanup_medium_ _cleanup_(medium_done)

void medium_show(const struct medium *m, struct screen *ret);
enum medium_next medium_take(struct medium *m, const struct answer *a);
/* The end of an installation; `note` may be NULL. */
void medium_installed(struct medium *m, const char *note);
void medium_failed(struct medium *m, const char *words);
/* After MEDIUM_REACH and MEDIUM_CONNECT: MEDIUM_TRY, or MEDIUM_ON to ask for a network,
 * when there is none but the means to make a connection. */
enum medium_next medium_network(struct medium *m, bool lacking);
