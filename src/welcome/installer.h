/* SPDX-License-Identifier: MIT */
/* Runs `atomos install` as a child, and shows how far it is. */
#pragma once

#include "base/error.h"
#include "welcome/targets.h"
#include "welcome/ui.h"

struct installer_order {
	const struct target *target;
	bool take_tpm;
	const char *answers; /* a file; NULL: none */
};

int installer_list(struct targets *ret, struct error *err);
/* *ret_note: what it had to say all the same, a sentence without a full stop; NULL:
 * nothing. Freed by the caller. */
int installer_run(struct ui *ui, const struct installer_order *o, char **ret_note,
		  struct error *err);

/* One line of its progress, released by installer_step_done; false when it is none, then
 * nothing is to be released. */
struct installer_step {
	char *what, *detail; /* detail: how fast; NULL: nobody knows yet */
	uint64_t done, total;
};

bool installer_line(const char *line, struct installer_step *ret);
void installer_step_done(struct installer_step *s);
#define _cleanup_installer_step_ _cleanup_(installer_step_done)
