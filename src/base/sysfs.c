/* SPDX-License-Identifier: MIT */
/* Block devices as /sys/block shows them. */
#include <stdlib.h>
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

bool sysfs_true(const char *device, const char *file)
{
	char text[8];

	sysfs_line(device, file, text, sizeof(text));
	return streq(text, "1");
}

const char *sysfs_bus(const char *device)
{
	static const char *const buses[][2] = {{"/usb", "USB"},
					       {"/nvme", "NVMe"},
					       {"/mmc", "SD card"},
					       {"/ata", "SATA"},
					       {"/virtio", "virtio"}};
	_cleanup_free_ char *link = xasprintf(SYS_BLOCK "/%s", device);
	_cleanup_free_ char *path = realpath(link, NULL);

	for (size_t i = 0; path && i < ELEMENTSOF(buses); i++)
		if (strstr(path, buses[i][0]))
			return buses[i][1];
	return "";
}

bool sysfs_is_inner(const char *device)
{
	char kind[8];

	/* Of eMMC, which is soldered in, it is "MMC". */
	sysfs_line(device, "device/type", kind, sizeof(kind));
	return !sysfs_true(device, "removable") && !streq(sysfs_bus(device), "USB") &&
	       !startswith(kind, "SD");
}
