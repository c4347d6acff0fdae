/* SPDX-License-Identifier: MIT */
/* Whether a root fits into memory: the arithmetic and its sentence. */
#include "test.h"
#include "init/memory.h"

#define MIB (1ULL << 20)

static void test_parse(void **state)
{
	struct memory m = {.zram = 5};

	assert_int_equal(
		memory_parse("MemTotal:  1000 kB\nMemFree: 7 kB\nMemAvailable: 600 kB\n",
			     &m),
		0);
	assert_int_equal(m.total, 1000 * 1024);
	assert_int_equal(m.available, 600 * 1024);
	assert_int_equal(m.zram, 5);
}

static void test_parse_refused(void **state)
{
	struct memory m;

	assert_int_equal(memory_parse("", &m), -EBADMSG);
	assert_int_equal(memory_parse("MemTotal: 1000 kB\n", &m), -EBADMSG);
	assert_int_equal(memory_parse("MemTotal: 1 MB\nMemAvailable: 1 kB\n", &m),
			 -EBADMSG);
	assert_int_equal(memory_parse("MemTotal: x kB\nMemAvailable: 1 kB\n", &m),
			 -EBADMSG);
	assert_int_equal(memory_parse("XMemTotal: 1 kB\nMemAvailable: 1 kB\n", &m),
			 -EBADMSG);
}

static void test_check(void **state)
{
	struct memory m = {.total = 1024 * MIB, .available = 500 * MIB};
	struct error err = {0};

	assert_int_equal(memory_check(&m, 500 * MIB - MEMORY_WORKING, &err), 0);
	assert_int_equal(memory_check(&m, 500 * MIB - MEMORY_WORKING + 1, &err), -ENOMEM);
	assert_int_equal(memory_check(&m, 404 * MIB + 1, &err), -ENOMEM);
	assert_says(&err, "needs 501 MB");
	assert_says(&err, "has 500 MB (1024 MB in all)");
	/* Compressed swap helps with half of its size. */
	m.zram = 100 * MIB;
	assert_int_equal(memory_check(&m, 550 * MIB - MEMORY_WORKING, &err), 0);
	assert_int_equal(memory_check(&m, 550 * MIB - MEMORY_WORKING + 1, &err), -ENOMEM);
	assert_int_equal(memory_check(&m, UINT64_MAX >> 8, &err), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
