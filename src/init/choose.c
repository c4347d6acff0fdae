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

typedef bool (*wanted)(const struct partitions *p, size_t count,
		       const struct partition *candidate);

static bool beside_loader(const struct partitions *p _unused_, size_t count _unused_,
			  const struct partition *candidate)
{
	return candidate->beside_loader;
}

static bool finished(const struct partitions *p _unused_, size_t count _unused_,
		     const struct partition *candidate)
{
	return !candidate->unfinished;
}

/* A medium whose disk has an installed system too is that system's rescue. */
static bool not_rescue(const struct partitions *p, size_t count,
		       const struct partition *candidate)
{
	for (size_t i = 0; candidate->medium && i < count; i++)
		if (!p->list[i].medium && !p->list[i].unfinished &&
		    strcmp(p->list[i].disk, candidate->disk) == 0)
			return false;
	return true;
}

/* Moves those of the first `count` that are wanted to the front, in their order, and
 * returns their number. */
static size_t keep(struct partitions *p, size_t count, wanted function)
{
	struct partitions before = *p;
	size_t n = 0, behind = count;

	for (size_t i = 0; i < count; i++)
		if (function(&before, count, &before.list[i]))
			p->list[n++] = before.list[i];
	for (size_t i = count; i-- > 0;)
		if (!function(&before, count, &before.list[i]))
			p->list[--behind] = before.list[i];
	return n;
}

enum choice partitions_choose(struct partitions *p, bool loader_known, bool late,
			      size_t *ret_count)
{
	bool only_beside = loader_known && (p->loader_found || !late);
	size_t n = p->count, done;

	if (only_beside)
		n = keep(p, n, beside_loader);
	done = keep(p, n, finished);
	if (done > 0)
		n = done;
	n = keep(p, n, not_rescue);
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
