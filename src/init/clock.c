/* SPDX-License-Identifier: MIT */
/* The clock isn't before the system's date. */
#include <errno.h>

#include "init/clock.h"

int clock_not_before(uint64_t epoch, time_t now, clock_set set)
{
	const struct timeval v = {.tv_sec = (time_t)epoch};

	if (now >= v.tv_sec)
		return 0;
	return set(&v) < 0 ? -errno : 1;
}
