/* SPDX-License-Identifier: MIT */
/* Numbers of system users and groups that a build found missing in the lock. */
#pragma once

#include "atomos/lock.h"

/* Takes a line of the builder, "user NAME UID GID HOME SHELL" or "group NAME GID". A name
 * that is there already keeps its number. Returns 1 when it was added, 0 when it was
 * there, -EBADMSG with `err` set for any other line, -EEXIST when another name has the
 * number. */
int lock_ids_take(struct lock *l, const char *line, struct error *err);
