/* SPDX-License-Identifier: MIT */
/* Threads over a list of tasks; the only place where threads are made. */
#pragma once

#include <stddef.h>

#include "error.h"

/* Runs one task; `index` counts from 0, `worker` from 0 to the number of threads. Returns
 * 0 or a negative errno with `err` set (an object of this thread). */
typedef int (*worker_task)(void *context, size_t index, unsigned worker,
			   struct error *err);

/* How many threads are worth having: the processors of this process, at least 1. */
unsigned workers_default(void);

/* Runs tasks 0..count-1, in order of their start, on `threads` threads (1: in this one).
 * After the first failure no further task is started; its code is returned and its words
 * are in `err`. */
int workers_run(unsigned threads, size_t count, worker_task task, void *context,
		struct error *err);
