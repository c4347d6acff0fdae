/* SPDX-License-Identifier: MIT */
/* Which partition holds the system. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "init/choose.h"

#define GUID_LENGTH 36

bool guid_equal(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

enum choice partitions_choose(struct partitions *p, bool loader_known, bool late,
			      size_t *ret_count)
{
	bool only_beside = loader_known && (p->loader_found || !late);
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct partition swap = p->list[n];

		if (only_beside && !p->list[i].beside_loader)
			continue;
		p->list[n++] = p->list[i];
		p->list[i] = swap;
	}
	*ret_count = n;
#ifdef WITHOUT_CHECK_ASK
	n = MIN(n, (size_t)1);
#endif
	return n == 0 ? CHOICE_NONE : n == 1 ? CHOICE_FIRST : CHOICE_ASK;
}

int loader_partition_decode(const uint8_t *data, size_t size, char ret[static 37])
{
	size_t n = 0;

	if (size < 4 + 2 * GUID_LENGTH || size > 4 + 2 * (GUID_LENGTH + 1))
		return -EBADMSG;
	for (const uint8_t *p = data + 4; n < GUID_LENGTH; p += 2, n++) {
		bool dash = n == 8 || n == 13 || n == 18 || n == 23;

		if (p[1] != 0 || (dash ? p[0] != '-' : !isxdigit(p[0])))
			return -EBADMSG;
		ret[n] = (char)tolower(p[0]);
	}
	ret[n] = 0;
	return 0;
}
