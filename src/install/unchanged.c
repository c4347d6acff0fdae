/* SPDX-License-Identifier: MIT */
/* The disk is still what was looked at. */
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "image/gpt.h"
#include "install/unchanged.h"

static int stale(const struct install_options *o, const char *why, struct error *err)
{
	return fail(err, -ESTALE,
		    "%s isn't what was looked at any more (%s): look again with 'atomos "
		    "install --list'",
		    o->disk, why);
}

static bool is_free(const struct gpt *gpt, const struct region *space)
{
	for (size_t i = 0; i < gpt->count; i++) {
		const struct gpt_partition *p = &gpt->partitions[i];

		if (p->start < space->start + space->size &&
		    space->start < p->start + p->size)
			return false;
	}
	return true;
}

int disk_unchanged(int fd, const struct install_options *o, struct error *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint64_t sequence = 0;
	struct gpt gpt;
	int r;

	/* A file has none. */
	if (o->sequence && ioctl(fd, BLKGETDISKSEQ, &sequence) == 0 &&
	    sequence != o->sequence)
		return stale(o, "another disk has its name now", err);
	if (size < 0 || (o->size && (uint64_t)size != o->size))
		return stale(o, "its size is another one", err);
	if (o->whole)
		return 0;
	r = gpt_read(fd, &gpt, err);
	if (r < 0)
		return wrap(err, "%s", o->disk);
	return is_free(&gpt, &o->space) ? 0 : stale(o, "the space isn't free now", err);
}
