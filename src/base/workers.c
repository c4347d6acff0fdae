/* SPDX-License-Identifier: MIT */
/* Threads over a list of tasks. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "alloc.h"
#include "workers.h"

struct pool {
	worker_task task;
	void *context;
	size_t count;
	atomic_size_t next;
	atomic_bool stop;
	pthread_mutex_t lock;
	int result;
	struct error *err;
};

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

unsigned workers_default(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return MAX(1U, (unsigned)CPU_COUNT(&set));
}

static void pool_fail(struct pool *p, int code, const struct error *e)
{
	pthread_mutex_lock(&p->lock);
	if (p->result == 0) {
		p->result = code;
		if (p->err)
			*p->err = *e;
	}
	atomic_store(&p->stop, true);
	pthread_mutex_unlock(&p->lock);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct pool *p = w->pool;
	_cleanup_free_ struct error *e = xcalloc(1, sizeof(*e));

	while (!atomic_load(&p->stop)) {
		size_t i = atomic_fetch_add(&p->next, 1);
		int r;

		if (i >= p->count)
			break;
		r = p->task(p->context, i, w->number, e);
		if (r < 0)
			pool_fail(p, r, e);
	}
	return NULL;
}

int workers_run(unsigned threads, size_t count, worker_task task, void *context,
		struct error *err)
{
	struct pool p = {.task = task,
			 .context = context,
			 .count = count,
			 .err = err,
			 .lock = PTHREAD_MUTEX_INITIALIZER};
	unsigned n = (unsigned)MIN((size_t)MAX(threads, 1U), MAX(count, (size_t)1)),
		 started = 0;
	_cleanup_free_ struct worker *w = xcalloc(n, sizeof(*w));

	for (unsigned i = 0; i < n; i++)
		w[i] = (struct worker){.pool = &p, .number = i};
	/* Where no thread can be had the work is done here, only slower. */
	while (started + 1 < n &&
	       pthread_create(&w[started + 1].thread, NULL, work, &w[started + 1]) == 0)
		started++;
	work(&w[0]);
	for (unsigned i = 1; i <= started; i++)
		pthread_join(w[i].thread, NULL);
	return p.result;
}
