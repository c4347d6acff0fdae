/* SPDX-License-Identifier: MIT */
/* Java keystores of another day become the same bytes; others are left alone. */
#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

#include "builder/keystore.h"
#include "fixture.h"

/* One certificate "ab" under the alias "x", at a time of the caller's. */
static size_t make(uint8_t *out, uint8_t tag, uint8_t day)
{
	static const uint8_t start[] = {0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2,
					0,    0,    0,	  1,	0, 0, 0};
	static const uint8_t end[] = {0, 5, 'X', '.', '5', '0', '9',
				      0, 0, 0,	 2,   'a', 'b'};
	static const char salt[] = "\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite";
	const uint8_t middle[] = {tag, 0, 1, 'x', 0, 0, 1, 0x90, 1, 2, 3, day};
	uint8_t all[256];
	size_t n = 0;

	memcpy(out, start, sizeof(start));
	n += sizeof(start);
	memcpy(out + n, middle, sizeof(middle));
	n += sizeof(middle);
	memcpy(out + n, end, sizeof(end));
	n += sizeof(end);
	memcpy(all, salt, sizeof(salt) - 1);
	memcpy(all + sizeof(salt) - 1, out, n);
	SHA1(all, sizeof(salt) - 1 + n, out + n);
	return n + 20;
}

static void test_same(void **state)
{
	uint8_t one[128], two[128], expected[20];
	struct error err = {0};
	size_t n = make(one, 2, 1);

	assert_int_equal(make(two, 2, 9), n);
	assert_memory_not_equal(one, two, n);
	assert_ok(keystore_stabilise(one, n, 1700000000, &err));
	assert_ok(keystore_stabilise(two, n, 1700000000, &err));
	assert_memory_equal(one, two, n);
	/* The checksum is right: it is accepted again, and changes nothing. */
	memcpy(expected, one + n - 20, 20);
	assert_ok(keystore_stabilise(one, n, 1700000000, &err));
	assert_memory_equal(one + n - 20, expected, 20);
}

static void test_refused(void **state)
{
	uint8_t data[128], before[128];
	struct error err = {0};
	size_t n = make(data, 1, 1);

	/* A private key in it. */
	memcpy(before, data, n);
	assert_int_equal(keystore_stabilise(data, n, 1, &err), -EBADMSG);
	assert_memory_equal(before, data, n);
	n = make(data, 2, 1);
	data[n - 21] ^= 1;
	assert_int_equal(keystore_stabilise(data, n, 1, &err), -EBADMSG);
	for (size_t length = 0; length < n; length++) {
		make(data, 2, 1);
		assert_int_equal(keystore_stabilise(data, length, 1, &err), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
