/* SPDX-License-Identifier: MIT */
/* What an owner's disk keeps of a root that is made anew at each boot. `state` is the
 * folder that mirrors the kept paths, `root` the new root; both are descriptors. Nothing
 * in `state` is followed: whoever was root on this machine may have left symlinks there.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Opens the kept directory or file (O_PATH); where it is absent it is made from what the
 * root has at this path, with mode and owner; a file that the root hasn't is made empty.
 * -ENOTDIR, -ELOOP and the like when something else is in its place. */
int kept_directory(int state, int root, const char *path, int *ret_fd, struct error *err);
int kept_file(int state, int root, const char *path, int *ret_fd, struct error *err);

/* Mounts it over the same path of the root: nosuid, nodev, and noexec unless `execute`. A
 * file that isn't there yet is made. */
int kept_bind(int source, int root, const char *path, bool execute, struct error *err);

/* Opens a path below a directory without following any symlink; -errno. */
int open_inside(int dirfd, const char *path, int flags);
