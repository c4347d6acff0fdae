/* SPDX-License-Identifier: MIT */
/* Fuzz target: what apt prints and what it reads, line by line and stanza by stanza. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/apt-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_uri(const char *line, size_t size)
{
	_cleanup_(apt_uri_done) struct apt_uri u = {0};
	_cleanup_free_ char *decoded = NULL;

	if (apt_uri_parse(line, size, &u) == 0 && uri_decode(u.uri, &decoded) == 0 &&
	    strlen(decoded) > strlen(u.uri))
		abort();
}

static void try_stanzas(const char *text, size_t size)
{
	const char *cursor = text;
	struct stanza s;

	while (stanza_next(&cursor, text + size, &s)) {
		_cleanup_free_ char *name = stanza_get(&s, "Package");

		if (s.text < text || s.text + s.size > text + size)
			abort();
		if (name && strchr(name, '\n'))
			abort();
		release_date(&s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that reading behind it is seen. */
	_cleanup_free_ char *text = xmemdup(data, size), *string = NULL, *reason = NULL;
	struct apt_summary summary;

	for (const char *p = text, *end = text + size; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		stop = stop ? stop : end;
		try_uri(p, (size_t)(stop - p));
		p = stop + 1;
	}
	try_stanzas(text, size);
	string = xstrndup(text, size);
	apt_summary_find(string, &summary);
	reason = apt_reason(string, string);
	return 0;
}
