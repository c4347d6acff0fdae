/* SPDX-License-Identifier: MIT */
/* Whether the root fits into this machine's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "init/memory.h"

static int meminfo_field(const char *text, const char *key, uint64_t *ret)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		const char *value;
		char *end;

		line += *line == '\n';
		value = startswith(line, key);
		if (!value || *value != ':')
			continue;
		value++;
		value += strspn(value, " ");
		if (*value < '0' || *value > '9')
			return -EBADMSG;
		*ret = strtoull(value, &end, 10);
		if (!startswith(end, " kB") || *ret > UINT64_MAX >> 10)
			return -EBADMSG;
		*ret <<= 10;
		return 0;
	}
	return -EBADMSG;
}

int memory_parse(const char *meminfo, struct memory *ret)
{
	int r = meminfo_field(meminfo, "MemTotal", &ret->total);

	return r < 0 ? r : meminfo_field(meminfo, "MemAvailable", &ret->available);
}

static unsigned long long mib(uint64_t bytes)
{
	return (bytes + (1 << 20) - 1) >> 20;
}

int memory_check(const struct memory *m, uint64_t root_bytes, struct error *err)
{
	uint64_t usable = m->available + m->zram / 2;

#ifdef WITHOUT_CHECK_MEMORY
	return 0;
#endif
	if (root_bytes <= usable && usable - root_bytes >= MEMORY_WORKING)
		return 0;
	return fail(err, -ENOMEM,
		    "This system needs %llu MB of free memory for its root and its "
		    "programs, and "
		    "this machine has %llu MB (%llu MB in all): use a machine with more "
		    "memory, "
		    "or a system with fewer packages",
		    mib(root_bytes) + mib(MEMORY_WORKING), mib(usable), mib(m->total));
}
