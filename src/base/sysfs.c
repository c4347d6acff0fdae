/* SPDX-License-Identifier: MIT */
/* Block devices as /sys/block shows them. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sysfs.h"

/* Files of sysfs say that they are as large as a page. */
#define LINE_SIZE 4096

void sysfs_line(const char *device, const char *file, char *out, size_t size)
{
	_cleanup_free_ char *path = xasprintf(SYS_BLOCK "/%s/%s", device, file),
			    *text = NULL;
	size_t n;

	out[0] = 0;
	if (read_file_at(AT_FDCWD, path, LINE_SIZE, &text, NULL) < 0)
		return;
	n = strcspn(text, "\n");
	while (n > 0 && text[n - 1] == ' ')
		n--;
	n = MIN(n, size - 1);
	for (size_t i = 0; i < n; i++)
		out[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
	out[n] = 0;
}

bool sysfs_is_disk(const char *device)
{
	static const char *const others[] = {"loop", "ram", "zram", "dm-",
					     "md",   "fd",  "nbd"};
	char size[32];

	for (size_t i = 0; i < ELEMENTSOF(others); i++)
		if (startswith(device, others[i]))
			return false;
	sysfs_line(device, "size", size, sizeof(size));
	return device[0] != '.' && size[0] && !streq(size, "0");
}
