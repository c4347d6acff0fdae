/* SPDX-License-Identifier: MIT */
/* Where the parts of a system go on a disk. */
#include <errno.h>
#include <inttypes.h>

#include "base/macro.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "install/layout.h"

#define GIB (1ULL << 30)
/* State, metadata, and half of the next generation. */
#define ROOT_SLACK (1 * GIB)
/* Some generations of a desktop and their state; more is better given to the homes. */
#define ROOT_MIN_WANTED (16 * GIB)
#define ROOT_MAX_WANTED (128 * GIB)
#define ROOT_SHARE 4
/* Before and behind everything on a whole disk: its two tables. */
#define WHOLE_LOST (2 * GPT_ALIGN)
#define TENTH 100000000ULL /* of a GB */

static uint64_t align_up(uint64_t n)
{
	return (n + GPT_ALIGN - 1) / GPT_ALIGN * GPT_ALIGN;
}

static uint64_t align_down(uint64_t n)
{
	return n / GPT_ALIGN * GPT_ALIGN;
}

struct region layout_whole(uint64_t disk)
{
	uint64_t end = align_down(disk);

	/* The backup table takes less than a unit at the end, whatever the sectors. */
	return (struct region){GPT_ALIGN, end > WHOLE_LOST ? end - WHOLE_LOST : 0};
}

static uint64_t root_minimum(uint64_t content)
{
	return align_up(LUKS_DATA_OFFSET + content + content / 4 + ROOT_SLACK);
}

static uint64_t home_minimum(const struct layout_needs *needs)
{
	return align_up(MAX(needs->home, LAYOUT_HOME_MIN));
}

static uint64_t minimum(const struct layout_needs *needs)
{
	return LAYOUT_ESP_SIZE + LAYOUT_BIOS_SIZE + root_minimum(needs->content) +
	       home_minimum(needs);
}

uint64_t layout_smallest_disk(const struct layout_needs *needs)
{
	return minimum(needs) + WHOLE_LOST;
}

/* What is needed is rounded up, and is that of a whole disk: one of the size that was
 * said isn't too small. */
static int fail_small(uint64_t size, const struct layout_needs *needs, struct error *err)
{
	uint64_t has = (size + TENTH / 2) / TENTH,
		 least = (layout_smallest_disk(needs) + TENTH - 1) / TENTH;

	/* Nobody reads that 3.2 GB are less than 3.2 GB. */
	if (has >= least)
		has = size / TENTH;
	return fail(err, -ENOSPC,
		    "%" PRIu64 ".%" PRIu64 " GB are too small: AtomOS needs %" PRIu64
		    ".%" PRIu64 " GB",
		    has / 10, has % 10, least / 10, least % 10);
}

/* A quarter, within bounds, as far as the homes keep their least. */
static uint64_t root_size(uint64_t room, const struct layout_needs *needs)
{
	uint64_t wanted = MIN(MAX(room / ROOT_SHARE, ROOT_MIN_WANTED), ROOT_MAX_WANTED);

	wanted = MIN(MIN(wanted, room / 2), room - home_minimum(needs));
	return MAX(align_down(wanted), root_minimum(needs->content));
}

int layout_make(const struct region *space, const struct layout_needs *needs,
		struct layout *ret, struct error *err)
{
	uint64_t start = align_up(space->start);
	uint64_t end = align_down(space->start + space->size);
	uint64_t size = end > start ? end - start : 0;
	uint64_t fixed = LAYOUT_ESP_SIZE + LAYOUT_BIOS_SIZE;

	if (size < minimum(needs))
		return fail_small(space->size, needs, err);
	ret->esp = (struct region){start, LAYOUT_ESP_SIZE};
	ret->bios = (struct region){start + LAYOUT_ESP_SIZE, LAYOUT_BIOS_SIZE};
	ret->root = (struct region){start + fixed, root_size(size - fixed, needs)};
	ret->home.start = ret->root.start + ret->root.size;
	ret->home.size = end - ret->home.start;
	return 0;
}
