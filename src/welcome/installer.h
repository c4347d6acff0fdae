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

/* One line of its progress: false when it is none. `what` is freed by the caller. */
bool installer_line(const char *line, char **what, uint64_t *done, uint64_t *total);
