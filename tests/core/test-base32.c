/* SPDX-License-Identifier: MIT */
/* Nix's base 32 in both directions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/base32.h"
#include "fixture.h"

/* Pairs printed by: nix hash convert --hash-algo sha256 --to nix32 HEX. */
static const struct {
	const char *hex, *text;
} pairs[] = {
	{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	 "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"},
	{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	 "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"},
};

static void test_nix_pairs(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
		uint8_t bytes[32], back[32];
		char text[BASE32_LENGTH(32) + 1];

		assert_int_equal(hex_decode(pairs[i].hex, bytes, 32), 0);
		base32_encode(bytes, 32, text);
		assert_string_equal(text, pairs[i].text);
		assert_int_equal(base32_decode(text, back, 32), 0);
		assert_memory_equal(bytes, back, 32);
	}
}

static void test_round_trip_all_sizes(void **state)
{
	srand(1);
	for (size_t size = 1; size <= 64; size++) {
		uint8_t bytes[64], back[64];
		char text[BASE32_LENGTH(64) + 1];

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)rand();
		base32_encode(bytes, size, text);
		assert_int_equal(strlen(text), BASE32_LENGTH(size));
		assert_int_equal(base32_decode(text, back, size), 0);
		assert_memory_equal(bytes, back, size);
	}
}

static void test_refusals(void **state)
{
	uint8_t bytes[32];

	assert_int_equal(base32_decode("0e", bytes, 1), -EINVAL);
	assert_int_equal(base32_decode("0A", bytes, 1), -EINVAL);
	assert_int_equal(base32_decode("0", bytes, 1), -EINVAL);
	/* Ten bits for one byte: the two above it must be zero. */
	assert_int_equal(base32_decode("7z", bytes, 1), 0);
	assert_int_equal(bytes[0], 255);
	assert_int_equal(base32_decode("8z", bytes, 1), -EINVAL);
	assert_true(base32_valid("0z", 2));
	assert_false(base32_valid("0u", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nix_pairs),
		cmocka_unit_test(test_round_trip_all_sizes),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
