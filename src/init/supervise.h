/* SPDX-License-Identifier: MIT */
/* PID 1 and its child: whatever becomes of the child is a message, never a kernel panic.
 */
#pragma once

#include "init/boot.h"
#include "init/rescue.h"

/* Runs work(context) in a child, which exits with what that returns, and returns its wait
 * status. Other children that end meanwhile are reaped: orphans come to PID 1. As if it
 * had exited with 1 when there can be no child. */
int supervise(int (*work)(void *context), void *context);

/* Whether the boot's child with this wait status made the root. When not, and the child
 * left no reason, outcome->reason says how it ended and in which step. */
bool supervise_boot_done(struct outcome *outcome, int status);

/* What was chosen at a rescue prompt whose child ended so; RESCUE_NONE when it crashed.
 */
enum rescue_choice supervise_choice(int status);
