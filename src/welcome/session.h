/* SPDX-License-Identifier: MIT */
/* Runs a flow on a front end, and does what its answers say. */
#pragma once

#include "base/error.h"
#include "owner/boot-facts.h"
#include "owner/config.h"
#include "welcome/ui.h"

struct session {
	const struct config *config;
	const struct boot_facts *boot;
	struct ui **ui; /* may be another one afterwards */
	const char *console;
};

/* Why the TPM isn't going to open the disk at the next starts, and what can be done about
 * it, in a sentence without a full stop. NULL: it is, or nothing is known of it. */
const char *session_tpm_says(const struct boot_facts *b);

/* The first boot's questions. 0 when the machine has its owner, also when they were
 * answered on another console meanwhile. */
int session_first_boot(struct session *s, struct error *err);

/* The medium's menu, until somebody wants to try the system. */
int session_medium(struct session *s, struct error *err);

/* The installer's questions alone, for somebody who tries the system already. */
int session_install(struct session *s, struct error *err);

/* The installation that the configuration orders (unattended.h). True when it is done and
 * the machine goes off, false when somebody stopped it or there is nothing to install to.
 */
bool session_unattended(struct session *s);

/* Lines from here on, whatever there was before. */
void session_use_lines(struct session *s);

/* Asks, and changes to the plain front end when the person wants that one. */
int session_ask(struct session *s, const struct screen *screen, struct answer *ret,
		struct error *err);

/* A program that has the terminal for itself; what it fails on is only said. */
void session_run(struct session *s, const char *const *argv);

/* NetworkManager's own screens; then waits for the connection. machine_network says
 * whether there is one. */
void session_connect(struct session *s);

/* The machine goes off, or starts anew. */
void session_end(struct session *s, bool restart);

/* Shows a sentence and waits for Enter. */
int session_message(struct session *s, const char *title, const char *text,
		    struct error *err);
