/* SPDX-License-Identifier: MIT */
/* Memory for buffers of megabytes. */
#pragma once

#include <stddef.h>

/* As xmalloc, for free() and xrealloc(); large blocks ask for huge pages, which saves
 * most of the page faults that their first use costs (dear under a hypervisor). */
void *large_alloc(size_t size);
