/* SPDX-License-Identifier: MIT */
/* Passwords and keys: locked in memory, wiped when done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "secret.h"

void wipe(void *p, size_t size)
{
	explicit_bzero(p, size);
}

struct secret *secret_new(void)
{
	struct secret *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED) {
		fputs("Out of memory.\n", stderr);
		abort();
	}
	mlock(s, sizeof(*s));
	madvise(s, sizeof(*s), MADV_DONTDUMP);
	madvise(s, sizeof(*s), MADV_WIPEONFORK);
	return s;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	wipe(s, sizeof(*s));
	munmap(s, sizeof(*s));
}
