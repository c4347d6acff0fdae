/* SPDX-License-Identifier: MIT */
/* Copies of the LUKS2 headers of people's homes. systemd-homed changes a password by
 * wiping the home's slot before it writes the new one (home_passwd_luks in its
 * homework-luks.c): when the power fails between, nothing opens the home any more. The
 * copy, made before, gives it back with the password from before. */
#pragma once

#include "base/error.h"

/* What is copied of a header, in bytes: all of homed's, two metadata areas of 4 MiB and
 * the slots behind them. */
#define HOME_HEADER_SIZE (16U << 20)
/* Root's alone: a copy opens with a user's password, as the home itself does. */
#define HOME_HEADERS_DIR "/var/lib/atomos/homes"

/* Copies the header of USER.home below `homes` to the file USER below `copies`, and waits
 * until it is on the disk. 0 also where there is nothing to copy: no such home, one that
 * isn't LUKS2 or has slots further behind, one that is just being changed or that the
 * copy would mend, or the copy is there already. */
int home_header_keep(const char *homes, const char *copies, const char *user,
		     struct error *err);

/* Puts the copy back, whole, where a change of the home's slots was cut (its first slot
 * is gone or wiped and none is new), or where an earlier putting back was, and waits
 * until it is on the disk. 1 when it did, 0 when there is nothing to mend, no copy of
 * this volume, or homed has the home locked. A first slot that somebody removed with
 * cryptsetup comes back, too, unless the copy was removed before. */
int home_header_mend(const char *homes, const char *copies, const char *user,
		     struct error *err);

/* Removes the copies of all users but these. */
void home_headers_prune(const char *copies, char *const *users);
