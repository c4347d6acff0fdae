/* SPDX-License-Identifier: MIT */
/* Memory for buffers of megabytes. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "core/large.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *large_alloc(size_t size)
{
	size_t whole = size & ~(HUGE_PAGE - 1);
	void *p;

	if (whole == 0)
		return xmalloc(size);
	p = aligned_alloc(HUGE_PAGE, size);
	if (!p)
		return xmalloc(size);
	/* The end that fills no huge page stays as it is. */
	madvise(p, whole, MADV_HUGEPAGE);
	return p;
}
