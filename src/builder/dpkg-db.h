/* SPDX-License-Identifier: MIT */
/* dpkg's database of a root in which packages were laid out but not configured. */
#pragma once

#include "base/error.h"
#include "core/manifest.h"
#include "builder/package.h"

/* Adds the packages to /var/lib/dpkg of the tree: stanzas "install ok unpacked" with
 * their conffiles, NAME.list and what their triggers files are interested in. Creates the
 * database where there is none. */
int dpkg_db_add(int root_fd, int store_fd, const struct packages *packages,
		struct error *err);

/* Writes triggers/Unincorp for the file triggers of the root that these packages' paths
 * set off, as `dpkg --unpack` would have done. For a second layer only: the interested
 * packages of a first one aren't configured yet. */
int dpkg_db_activate(int root_fd, const struct packages *packages, struct error *err);

/* The text of a status stanza of an unpacked package; freed by the caller. */
char *dpkg_status_stanza(const struct package *p);
/* The text of its .list file; freed by the caller. */
char *dpkg_list_text(const struct package *p);
/* The lines for triggers/Unincorp, sorted: `interests` is the text of triggers/File.
 * Freed by the caller. */
char *dpkg_unincorp_text(const char *interests, const struct packages *packages);
