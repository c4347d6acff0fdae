/* SPDX-License-Identifier: MIT */
/* An image on an inner disk: the word at the log-in. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sysfs.h"
#include "welcome/inner.h"
#include "welcome/setup.h"

/* In sectors of sysfs. Less than the ESP, the least root and the least home take; whether
 * there is enough the installation says. */
#define ROOM_LEAST ((2ULL << 30) / 512)

static uint64_t sectors(const char *disk, const char *file)
{
	char text[32];

	sysfs_line(disk, file, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* Whether the medium is an inner disk with room for a system behind the image. */
static bool has_room(const struct boot_facts *boot)
{
	_cleanup_free_ char *start = xasprintf("%s/start", boot->partition),
			    *size = xasprintf("%s/size", boot->partition);
	/* The root is the image's last partition. */
	uint64_t end = sectors(boot->disk, start) + sectors(boot->disk, size),
		 all = sectors(boot->disk, "size");

	return boot->disk[0] && sysfs_is_inner(boot->disk) && all > end &&
	       all - end >= ROOM_LEAST;
}

void inner_note(const struct boot_facts *boot)
{
	_cleanup_free_ char *text = xasprintf("To make this machine yours: sudo atomos "
					      "install --disk %s --free\n\n",
					      boot->disk);
	int r;

	if (!has_room(boot))
		return;
	r = make_parents_at(AT_FDCWD, NO_OWNER_ISSUE);
	if (r == 0)
		r = write_file_at(AT_FDCWD, NO_OWNER_ISSUE, text, strlen(text), 0644);
	if (r < 0)
		log_warning("%s can't be written: %s", NO_OWNER_ISSUE, strerror(-r));
}
