/* SPDX-License-Identifier: MIT */
/* Work that may hang in the kernel (a mute TPM), done in a child with a time limit. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* In a child: 0 to 2 lead nowhere from here on. For plugins and libraries that talk to
 * people; what counts is said in words of ours. */
void be_silent(void);

struct limited {
	int (*work)(void *context, struct error *err); /* runs in the child */
	void *context;
	unsigned seconds;
	/* When this is true the work counts as done, though the child may go on; may be
	 * NULL. Asked ten times a second, in the parent. */
	bool (*enough)(void);
	/* The child keeps nothing that is open here (0 to 2 lead nowhere), since it may
	 * stay for ever. Not for work that uses libcryptsetup itself, which keeps some
	 * open between its calls. */
	bool alone;
	int keep; /* the one descriptor that it keeps all the same; 0: none */
};

/* Runs work in a child and returns its result, with its words in `err`. -ETIMEDOUT with
 * no words when it isn't done in time: the child and the programs that it has started are
 * killed, but not waited for, since a process that hangs in the kernel can't be. */
int run_limited(const struct limited *l, struct error *err);
