/* SPDX-License-Identifier: MIT */
/* Swap in compressed memory. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/sysfs.h"
#include "init/zram.h"

#define PAGE 4096
#define PRIORITY 100

/* union swap_header of linux/swap.h: boot bits (1024), version, last page, bad pages. */
void swap_header(uint8_t page[static 4096], uint64_t size)
{
	const uint32_t info[] = {1, (uint32_t)(size / PAGE - 1), 0};

	memset(page, 0, PAGE);
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
}

static int set(const char *attribute, const char *value, struct error *err)
{
	_cleanup_free_ char *path = xasprintf(SYS_BLOCK "/zram0/%s", attribute);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return fail(err, -errno, "zram: %s can't be set to %s: %m", attribute,
			    value);
	return 0;
}

static int write_header(uint64_t size, struct error *err)
{
	uint8_t page[PAGE];
	_cleanup_close_ int fd = open("/dev/zram0", O_WRONLY | O_CLOEXEC);
	int r;

	swap_header(page, size);
	if (fd < 0)
		return fail(err, -errno, "zram: /dev/zram0 can't be opened: %m");
	r = write_full(fd, page, sizeof(page));
	return r < 0 ? fail(err, r, "zram can't be written: %s", strerror(-r)) : 0;
}

/* From an earlier try of this boot. */
static bool in_use(void)
{
	_cleanup_free_ char *text = NULL;

	return read_file_at(AT_FDCWD, "/proc/swaps", 65536, &text, NULL) == 0 &&
	       strstr(text, "/zram0 ");
}

int zram_start(const struct zram *z, struct modules *m, struct error *err)
{
	char size[32];
	int r;

	if (in_use())
		return 0;
	r = modules_load(m, "zram", err);
	if (r < 0)
		return r;
	snprintf(size, sizeof(size), "%llu", (unsigned long long)z->size);
	r = set("comp_algorithm", z->algorithm, err);
	if (r == 0)
		r = set("disksize", size, err);
	if (r == 0)
		r = write_header(z->size, err);
	if (r < 0)
		return r;
	if (swapon("/dev/zram0", SWAP_FLAG_PREFER | PRIORITY) < 0)
		return fail(err, -errno, "zram can't be used as swap: %m");
	return 0;
}
