/* SPDX-License-Identifier: MIT */
/* The texts that apt reads and prints: stanzas, URIs, summaries. Pure parsers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* A paragraph of "Field: value" lines (deb822, Packages, Release); not NUL-terminated. */
struct stanza {
	const char *text;
	size_t size;
};

/* The next stanza between *cursor and `end`, which moves behind it; false at the end. */
bool stanza_next(const char **cursor, const char *end, struct stanza *ret);

/* The first line of a field's value, without surrounding blanks; NULL when absent. The
 * name's case counts, as apt and dak write it. */
const char *stanza_field(const struct stanza *s, const char *name, size_t *ret_size);
/* The same as a copy, freed by the caller. */
char *stanza_get(const struct stanza *s, const char *name);

/* One line of `apt-get --print-uris`: 'URI' FILE SIZE [HASH]. The hash field is empty for
 * repositories that give none but SHA-256. */
struct apt_uri {
	char *uri; /* %-encoded as printed */
	uint64_t size;
};

/* `line` without its end. -EBADMSG when anything is not as expected. Released by
 * apt_uri_done. */
int apt_uri_parse(const char *line, size_t size, struct apt_uri *ret);
void apt_uri_done(struct apt_uri *u);

/* Decodes %XX; -EBADMSG for bad digits or a NUL. Freed by the caller. */
int uri_decode(const char *text, char **ret);

/* "3 upgraded, 5 newly installed, 0 to remove and 7 not upgraded." anywhere in the
 * output; false when it isn't there. */
struct apt_summary {
	uint64_t upgraded, installed, removed;
};
bool apt_summary_find(const char *output, struct apt_summary *ret);

/* Seconds since 1970 of a Release file's Date ("Sat, 06 Sep 2025 12:03:21 UTC"); 0 when
 * it isn't one. */
uint64_t release_date(const struct stanza *release);

/* What apt says about why a set of packages doesn't fit, as one sentence; freed by the
 * caller.
 */
char *apt_reason(const char *output, const char *messages);
