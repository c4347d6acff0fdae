/* SPDX-License-Identifier: MIT */
/* A clock that stopped makes certificates and timers fail. */
#pragma once

#include <stdint.h>
#include <sys/time.h>

/* Sets the clock, as settimeofday(2): 0, or -1 and errno. */
typedef int (*clock_set)(const struct timeval *v);

/* Brings a clock that shows `now` to the system's date (seconds since 1970) when it is
 * before that: 1 when it was, 0 when there was nothing to do, or a negative errno. */
int clock_not_before(uint64_t epoch, time_t now, clock_set set);
