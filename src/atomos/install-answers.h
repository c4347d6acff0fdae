/* SPDX-License-Identifier: MIT */
/* The file of --answers: a JSON object with what the first start would ask
 * (owner/answers.h), and two keys for the installation itself: `serial`, the number of
 * the disk, as consent; `recoveryKeyFile`, where the recovery key is written that the
 * disk will open with. */
#pragma once

#include "base/secret.h"
#include "install/leave-answers.h"
#include "owner/answers.h"

struct install_answers {
	struct answers answers;
	char *serial, *recovery_file; /* NULL: not given */
	bool written, in_memory;      /* the file of the recovery key; only in RAM */
	struct secret *open_text, *whole_text;
	struct leave_answers leave; /* what is handed to the installation */
};

/* Reads and checks the file, against what this system offers too. The generic password of
 * what is installed is refused. */
int install_answers_load(const char *path, const struct secret *generic,
			 struct install_answers *ret, struct error *err);
void install_answers_done(struct install_answers *a);
#define _cleanup_install_answers_ _cleanup_(install_answers_done)

/* Just before the installation: makes the recovery key and its file where this machine
 * can keep a secret for the first start, says so where it can't. `tpm`: it is going to
 * open the new disk, if there is one. */
int install_answers_prepare(struct install_answers *a, bool tpm, struct error *err);
/* The file of a key that opens nothing goes: the disk isn't going to start, or the TPM
 * isn't going to open the answers. false: there is none. */
bool install_answers_undo(struct install_answers *a);
