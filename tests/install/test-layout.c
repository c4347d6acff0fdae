/* SPDX-License-Identifier: MIT */
/* Where the parts go on disks of many sizes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit.h"
#include "base/macro.h"
#include "image/gpt.h"
#include "install/layout.h"

#define GIB (1ULL << 30)
#define CONTENT (400ULL << 20)

static const struct layout_needs demo = {.content = CONTENT};

static void check(const struct region *space, uint64_t content)
{
	const struct layout_needs needs = {.content = content};
	struct layout l;
	struct error err;

	assert_int_equal(layout_make(space, &needs, &l, &err), 0);
	assert_true(l.esp.start >= space->start);
	assert_int_equal(l.bios.start, l.esp.start + l.esp.size);
	assert_int_equal(l.root.start, l.bios.start + l.bios.size);
	assert_int_equal(l.home.start, l.root.start + l.root.size);
	assert_true(l.home.start + l.home.size <= space->start + space->size);
	assert_true(l.home.size >= LAYOUT_HOME_MIN);
	assert_true(l.root.size > content);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal((&l.esp)[i].start % GPT_ALIGN, 0);
	assert_int_equal(l.root.size % GPT_ALIGN, 0);
}

static void test_sizes(void **state)
{
	static const uint64_t disks[] = {4 * GIB, 8 * GIB, 32 * GIB, 500107862016ULL,
					 4000787030016ULL};

	for (size_t i = 0; i < ELEMENTSOF(disks); i++) {
		struct region space = layout_whole(disks[i]);

		assert_true(space.start + space.size + GPT_ALIGN <= disks[i]);
		check(&space, CONTENT);
	}
}

static void test_least(void **state)
{
	struct region space = layout_whole(layout_smallest_disk(&demo));
	struct layout l;
	struct error err;

	check(&space, CONTENT);
	space.size -= GPT_ALIGN;
	assert_int_equal(layout_make(&space, &demo, &l, &err), -ENOSPC);
	assert_non_null(strstr(err.message, "too small"));
	space = layout_whole(0);
	assert_int_equal(layout_make(&space, &demo, &l, &err), -ENOSPC);
}

/* The smallest disk that is taken, and what is said of a smaller one: no number that
 * contradicts another, and a disk of the size that is said is large enough. */
static void test_smallest_disk(void **state)
{
	for (uint64_t content = CONTENT; content < CONTENT + (200ULL << 20);
	     content += 7 << 20) {
		const struct layout_needs needs = {.content = content};
		uint64_t least = layout_smallest_disk(&needs);
		struct region space = layout_whole(least);
		double has, wanted;
		struct layout l;
		struct error err;

		check(&space, content);
		assert_int_equal(layout_make(&space, &needs, &l, &err), 0);
		assert_int_equal(l.home.size, LAYOUT_HOME_MIN);
		for (uint64_t less = GPT_ALIGN; less <= GIB; less *= 2) {
			space = layout_whole(least - less);
			assert_int_equal(layout_make(&space, &needs, &l, &err), -ENOSPC);
			assert_int_equal(sscanf(err.message,
						"%lf GB are too small: AtomOS needs "
						"%lf GB",
						&has, &wanted),
					 2);
			assert_true(has < wanted);
			space = layout_whole((uint64_t)(wanted * 10 + 0.5) * 100000000);
			check(&space, content);
		}
	}
}

/* What the configuration wants for homes is kept free, whatever the root would like. */
static void test_room_for_homes(void **state)
{
	const struct layout_needs needs = {CONTENT, 20 * GIB + 1};
	struct region space = layout_whole(layout_smallest_disk(&needs));
	struct layout l;
	struct error err;

	assert_int_equal(layout_make(&space, &needs, &l, &err), 0);
	assert_int_equal(l.home.size, 20 * GIB + GPT_ALIGN);
	space = layout_whole(26 * GIB);
	assert_int_equal(layout_make(&space, &needs, &l, &err), 0);
	assert_true(l.home.size >= 20 * GIB + 1 && l.root.size > 4 * GIB);
	space = layout_whole(layout_smallest_disk(&needs) - GPT_ALIGN);
	assert_int_equal(layout_make(&space, &needs, &l, &err), -ENOSPC);
}

/* Free space begins and ends anywhere. */
static void test_odd(void **state)
{
	const struct region space = {34 * 512 + 7 * GIB, 20 * GIB + 12345};

	check(&space, CONTENT);
	check(&space, 5 * GIB);
}

static void test_large_is_for_homes(void **state)
{
	struct region space = layout_whole(4000787030016ULL);
	struct layout l;
	struct error err;

	assert_int_equal(layout_make(&space, &demo, &l, &err), 0);
	assert_int_equal(l.root.size, 128 * GIB);
	space = layout_whole(40 * GIB);
	assert_int_equal(layout_make(&space, &demo, &l, &err), 0);
	assert_int_equal(l.root.size, 16 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_smallest_disk),
		cmocka_unit_test(test_room_for_homes),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_large_is_for_homes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
