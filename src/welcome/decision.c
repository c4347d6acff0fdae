/* SPDX-License-Identifier: MIT */
/* What several consoles decide once. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/decision.h"

#define BEGIN "begin"
#define STOP "stop"
#define WORD_MAX 16

static char *file_in(const char *directory)
{
	return xasprintf("%s/decided", directory);
}

enum decision decision_look(const char *directory)
{
	_cleanup_free_ char *path = file_in(directory), *word = NULL;

	if (read_file_at(AT_FDCWD, path, WORD_MAX, &word, NULL) < 0)
		return DECISION_NONE;
	return streq(word, BEGIN) ? DECISION_BEGIN : DECISION_STOP;
}

enum decision decision_make(const char *directory, enum decision wanted)
{
	const char *word = wanted == DECISION_BEGIN ? BEGIN : STOP;
	_cleanup_free_ char *path = file_in(directory),
			    *mine = xasprintf("%s.%ld", path, (long)getpid());
	int r = make_parents_at(AT_FDCWD, path);

	if (r == 0)
		r = write_file_at(AT_FDCWD, mine, word, strlen(word), 0600);
	/* With its content, or not at all; and only for the first. */
	if (r == 0 && link(mine, path) < 0 && errno != EEXIST)
		r = -errno;
	(void)unlink(mine);
	return r < 0 ? DECISION_STOP : decision_look(directory);
}
