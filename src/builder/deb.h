/* SPDX-License-Identifier: MIT */
/* Reads one .deb (deb(5)): an ar archive of two tar archives. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"

/* Limits; the largest package of Debian 13 has 3 GiB and 150,000 members. */
#define DEB_SIZE_MAX (16ULL << 30)
#define DEB_FILE_MAX (8ULL << 30)
#define DEB_MEMBERS_MAX 1000000U

/* Unpacks the archive that is open as `deb_fd`: files of data.tar to data/, files of
 * control.tar to control/ below `out_fd` (-1: reads and checks only), as 0644 or, when
 * someone may execute them, 0755. `ret` gets one entry per member of data.tar, in its
 * order, as MANIFEST_PACKAGE; symlinks, hard links and the rest of the metadata stand
 * there only. Refused: whatever isn't a file, directory, symlink or hard link, names with
 * ".." or a line break, members below something that is no directory, the same name
 * twice, and all beyond the limits. `err` names the member. */
int deb_unpack(int deb_fd, int out_fd, struct manifest *ret, struct error *err);
