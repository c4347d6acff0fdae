/* SPDX-License-Identifier: MIT */
/* Only one console asks at a time; the others learn when it is done. */
#pragma once

#include <stdbool.h>

#include "owner/boot-facts.h"

#define LOCK_DIR FIRST_START_DIR

/* Notes that this console (a name without a slash) waits for a person too, so that
 * lock_end_others ends it. */
void lock_register(const char *directory, const char *console);

/* Takes the lock for this console: its descriptor. -EWOULDBLOCK when another has it,
 * whose name *ret_holder gets (freed by the caller). `wait` waits for it instead. */
int lock_take(const char *directory, const char *console, bool wait, char **ret_holder);

/* Notes that this process shows something, until the descriptor that it returns is closed
 * or the process is gone; negative when that can't be noted. */
int lock_show(const char *directory);
/* Whether nobody else shows anything: for who stops showing, `shown` is of lock_show. */
bool lock_is_last(int shown);

/* Marks that all was done, and ends the programs on the other consoles. */
void lock_done(const char *directory, const char *console);
bool lock_is_done(const char *directory);
