/* SPDX-License-Identifier: MIT */
/* The header of a swap area, as mkswap writes it. */
#include "test.h"
#include "init/zram.h"

static void test_header(void **state)
{
	uint8_t page[4096];
	uint32_t info[3];

	memset(page, 0xff, sizeof(page));
	swap_header(page, 64 << 20);
	memcpy(info, page + 1024, sizeof(info));
	assert_int_equal(info[0], 1);
	assert_int_equal(info[1], (64 << 20) / 4096 - 1);
	assert_int_equal(info[2], 0);
	assert_memory_equal(page + 4086, "SWAPSPACE2", 10);
	for (size_t i = 0; i < 4086; i++)
		if (i < 1024 || i >= 1036)
			assert_int_equal(page[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_header)};

	return cmocka_run_group_tests_name("zram", tests, NULL, NULL);
}
