/* SPDX-License-Identifier: MIT */
/* A part of a disk that the kernel shows as a partition. */
#include <ctype.h>
#include <errno.h>
#include <linux/blkpg.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "install/kernel-part.h"

/* Above those of any table that sfdisk makes by itself, below the kernel's limit. */
#define NUMBER 199
#define TRIES 50
#define PAUSE 100 /* milliseconds */

static char *path_of(const char *disk)
{
	bool digit = *disk && isdigit((unsigned char)disk[strlen(disk) - 1]);

	return xasprintf("%s%s%d", disk, digit ? "p" : "", NUMBER);
}

static int change(int fd, int operation, const struct region *region)
{
	struct blkpg_partition p = {.pno = NUMBER};
	struct blkpg_ioctl_arg arg = {.op = operation, .datalen = sizeof(p), .data = &p};

	if (region) {
		p.start = (long long)region->start;
		p.length = (long long)region->size;
	}
	return ioctl(fd, BLKPG, &arg) < 0 ? -errno : 0;
}

void kernel_part_drop(const char *disk)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)change(fd, BLKPG_DEL_PARTITION, NULL);
}

int kernel_part_add(const char *disk, const struct region *region, char **ret_path,
		    struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *path = path_of(disk);
	int r;

	if (fd < 0)
		return fail(err, -errno, "Can't open %s: %m", disk);
	(void)change(fd, BLKPG_DEL_PARTITION, NULL);
	r = change(fd, BLKPG_ADD_PARTITION, region);
	if (r < 0)
		return fail(err, r, "The kernel takes no new partition of %s: %s", disk,
			    strerror(-r));
	for (int i = 0; access(path, F_OK) < 0; i++) {
		if (i == TRIES) {
			(void)change(fd, BLKPG_DEL_PARTITION, NULL);
			return fail(err, -ENODEV, "The device %s doesn't appear", path);
		}
		poll(NULL, 0, PAUSE);
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}
