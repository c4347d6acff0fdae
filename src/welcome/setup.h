/* SPDX-License-Identifier: MIT */
/* Makes the machine its owner's. Until the last step, which takes the generic password's
 * slot away, the next boot starts over; each step first clears what an earlier try left.
 */
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "owner/boot-facts.h"
#include "owner/header.h"
#include "owner/config.h"
#include "welcome/flow.h"

#define STATE_DIR "/run/atomos/state"
#define STATE_ROOT STATE_DIR "/root"
#define STATE_OURS STATE_DIR "/atomos"
#define HOME_KEY STATE_OURS "/home.key"
/* There while the header may have an installation's answers that nobody needs any more.
 */
#define ANSWERS_LEFT STATE_OURS "/answers-left"
#define OWNER_DIR "/run/atomos/owner"
/* What is newer is told at log-in: nix/modules/notices.nix. */
#define STARTED_MARK "/run/atomos/started"
/* What a log-in says on a machine without an owner; the boot writes it, too. */
#define NO_OWNER_ISSUE "/run/issue.d/atomos.issue"
#define ROOT_DEVICE "/dev/mapper/atomos-root"
#define HOME_MAPPER "atomos-home"
#define HOME_DEVICE "/dev/mapper/" HOME_MAPPER

struct setup {
	const struct boot_facts *boot;
	const struct config *config;
	const struct flow_answers *answers;
	const struct secret *recovery;
	/* Called as a step begins, with what it does. */
	void (*say)(void *context, size_t step, size_t count, const char *what);
	void *context;
	struct header *header; /* of the root, while it runs */
};

int setup_run(struct setup *s, struct error *err);

/* The steps of setup_run; setup-disk.c */
int setup_clear_slots(struct setup *s, struct error *err);
int setup_slots(struct setup *s, struct error *err);
int setup_close(struct setup *s, struct error *err);
/* setup-state.c */
int setup_state(struct setup *s, struct error *err);
int setup_adopt(struct setup *s, struct error *err);
int setup_choices(struct setup *s, struct error *err);
int setup_tell(struct setup *s, struct error *err);
/* setup-home.c */
int setup_home(struct setup *s, struct error *err);
/* setup-owner.c */
int setup_account(struct setup *s, struct error *err);
int setup_owner_key(struct setup *s, struct error *err);
int setup_sync(struct setup *s, struct error *err);
