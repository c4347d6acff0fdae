/* SPDX-License-Identifier: MIT */
/* Copies a small tree into memory. */
#pragma once

/* Copies directories, regular files and symlinks from one directory to another, with mode
 * and owner; setuid bits and other kinds are left out. -EFBIG above 1 GiB or 100,000
 * entries, -ELOOP above 16 levels. */
int copy_tree(int from, int to);
