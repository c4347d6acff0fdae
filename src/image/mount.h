/* SPDX-License-Identifier: MIT */
/* An image file mounted through a loop device for a moment. Needs root. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/macro.h"

struct loop_mount {
	char *directory; /* temporary, removed again; NULL: nothing mounted */
};

/* Mounts the btrfs in the file `path`, for this thread and threads and programs that it
 * starts only. Undone by loop_unmount. */
int loop_mount(const char *path, bool read_only, struct loop_mount *ret,
	       struct error *err);
/* Reports a failed unmount; the cleanup form ignores it. */
int loop_unmount(struct loop_mount *m, struct error *err);

static inline void loop_mount_done(struct loop_mount *m)
{
	loop_unmount(m, NULL);
}
#define _cleanup_loop_mount_ _cleanup_(loop_mount_done)
