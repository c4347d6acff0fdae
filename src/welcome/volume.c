/* SPDX-License-Identifier: MIT */
/* Formats the partition of the homes, and finds its device. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/luks.h"
#include "welcome/volume.h"

#define NUMBER_MAX 4096 /* as large as files of sysfs say they are */

int volume_format(const char *path, const char *label, const struct secret *key,
		  struct error *err)
{
	/* The key is 512 random bits: a slot as cheap as a medium's adds no risk. */
	const struct luks_options o = {.path = path, .label = label, .password = key};

	return luks_format_device(&o, NULL, err);
}

char *volume_node(const char *block, const char *disk, uint64_t start)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", block, disk);
	_cleanup_closedir_ DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_free_ char *file = xasprintf("%s/start", e->d_name),
				    *text = NULL;
		uint64_t sector;

		if (!startswith(e->d_name, disk) ||
		    read_file_at(dirfd(d), file, NUMBER_MAX, &text, NULL) < 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (parse_u64(text, &sector) == 0 && sector * 512 == start)
			return xstrdup(e->d_name);
	}
	return NULL;
}
