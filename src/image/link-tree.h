/* SPDX-License-Identifier: MIT */
/* A second appearance of a tree, by hard links. */
#pragma once

/* Makes `to_name` in `to` the same tree as `from_name` in `from`: directories anew with
 * mode and time, everything else as hard link, or as copy where that isn't possible
 * (another file system). Store paths only: files, directories, symlinks. Negative errno
 * on failure. */
int link_tree(int from, const char *from_name, int to, const char *to_name);
