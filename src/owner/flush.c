/* SPDX-License-Identifier: MIT */
/* State and homes, written out. */
#include <string.h>

#include "base/fd.h"
#include "owner/flush.h"

static int flush(const char *path, struct error *err)
{
	int r = sync_file_system(path);

	return r < 0 ? fail(err, r, "%s can't be written: %s", path, strerror(-r)) : 0;
}

int disk_flush(struct error *err)
{
	int r = flush("/run/atomos/state", err);

	return r < 0 ? r : flush("/home", err);
}
