/* SPDX-License-Identifier: MIT */
/* Threads: every task once, the first failure's words, no task after it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/workers.h"
#include "test.h"

#define TASKS 1000

struct count {
	atomic_int runs[TASKS];
	atomic_int total;
	unsigned workers;
	size_t bad;
};

static int count_task(void *context, size_t index, unsigned worker, struct error *err)
{
	struct count *c = context;

	c->runs[index]++;
	c->total++;
	if (worker >= c->workers)
		return fail(err, -ERANGE, "worker %u", worker);
	return index == c->bad ? fail(err, -EIO, "task %zu", index) : 0;
}

static void test_every_task_once(void **state)
{
	for (unsigned threads = 1; threads <= 8; threads++) {
		struct count c = {.workers = threads, .bad = TASKS};
		struct error err;

		assert_int_equal(workers_run(threads, TASKS, count_task, &c, &err), 0);
		for (size_t i = 0; i < TASKS; i++)
			assert_int_equal(c.runs[i], 1);
	}
}

static void test_failure_ends_it(void **state)
{
	for (unsigned threads = 1; threads <= 4; threads++) {
		struct count c = {.workers = threads, .bad = 10};
		struct error err;

		assert_int_equal(workers_run(threads, TASKS, count_task, &c, &err), -EIO);
		assert_string_equal(err.message, "task 10");
		assert_true(threads > 1 || c.total == 11);
		assert_true(c.runs[10] == 1);
	}
}

static void test_few_tasks(void **state)
{
	struct count c = {.workers = 1, .bad = TASKS};
	struct error err;

	assert_int_equal(workers_run(8, 0, count_task, &c, &err), 0);
	assert_int_equal(workers_run(8, 1, count_task, &c, &err), 0);
	assert_int_equal(workers_run(0, 1, count_task, &c, &err), 0);
	assert_int_equal(c.total, 2);
	assert_true(workers_default() >= 1);
}

RUN_TESTS(cmocka_unit_test(test_every_task_once), cmocka_unit_test(test_failure_ends_it),
	  cmocka_unit_test(test_few_tasks))
