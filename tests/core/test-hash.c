/* SPDX-License-Identifier: MIT */
/* SHA-256 against its published examples. */
#include <string.h>

#include "base/str.h"
#include "core/hash.h"
#include "fixture.h"

static void check(const char *text, const char *expected)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256_buffer(text, strlen(text), digest);
	hex_encode(digest, SHA256_SIZE, hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4 examples. */
static void test_examples(void **state)
{
	check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_stream_restarts(void **state)
{
	_cleanup_sha256_ struct sha256 *h = sha256_new();
	uint8_t whole[SHA256_SIZE], pieces[SHA256_SIZE];

	sha256_buffer("abc", 3, whole);
	for (int i = 0; i < 2; i++) {
		sha256_update(h, "a", 1);
		sha256_update(h, "", 0);
		sha256_update(h, "bc", 2);
		sha256_final(h, pieces);
		assert_memory_equal(whole, pieces, SHA256_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_stream_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
