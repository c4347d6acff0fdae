/* SPDX-License-Identifier: MIT */
/* The volume's cipher against XTS written down again from its standard. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/xts.h"

static void ecb(const uint8_t *key, const uint8_t *in, uint8_t *out, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(
		EVP_CipherInit_ex(ctx, EVP_aes_256_ecb(), NULL, key, NULL, encrypt), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in, 16), 1);
	EVP_CIPHER_CTX_free(ctx);
}

/* IEEE 1619-2007, 5.3: one data unit of whole blocks. */
static void reference(const uint8_t key[64], uint64_t unit, uint8_t *data, size_t size)
{
	uint8_t tweak[16] = {0};

	for (int i = 0; i < 8; i++)
		tweak[i] = (uint8_t)(unit >> 8 * i);
	ecb(key + 32, tweak, tweak, 1);
	for (size_t at = 0; at < size; at += 16) {
		uint8_t block[16], carry = 0;

		for (int i = 0; i < 16; i++)
			block[i] = data[at + (size_t)i] ^ tweak[i];
		ecb(key, block, block, 1);
		for (int i = 0; i < 16; i++)
			data[at + (size_t)i] = block[i] ^ tweak[i];
		for (int i = 0; i < 16; i++) {
			uint8_t next = tweak[i] >> 7;

			tweak[i] = (uint8_t)(tweak[i] << 1) | carry;
			carry = next;
		}
		if (carry)
			tweak[0] ^= 0x87;
	}
}

/* IEEE 1619-2007, vector 10, shows that the reference is right. */
static void test_reference(void **state)
{
	static const char *const key_text =
		"271828182845904523536028747135266249775724709369995957496696762731415926"
		"53589793"
		"238462643383279502884197169399375105820974944592";
	uint8_t key[64], data[512], expected[32];

	assert_int_equal(hex_decode(key_text, key, sizeof(key)), 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	hex_decode("1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b",
		   expected, sizeof(expected));
	reference(key, 0xff, data, sizeof(data));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void fill(uint8_t *data, size_t size, unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)rand();
}

static void test_sectors(void **state)
{
	static const uint64_t offsets[] = {0, XTS_SECTOR, 7 * XTS_SECTOR, 5ULL << 41};
	uint8_t key[64], data[3 * XTS_SECTOR], copy[sizeof(data)], plain[sizeof(data)];

	fill(key, sizeof(key), 1);
	fill(plain, sizeof(plain), 2);
	for (size_t i = 0; i < ELEMENTSOF(offsets); i++) {
		memcpy(data, plain, sizeof(data));
		memcpy(copy, plain, sizeof(copy));
		assert_int_equal(
			xts_crypt(XTS_ENCRYPT, key, offsets[i], data, sizeof(data)), 0);
		for (size_t at = 0; at < sizeof(copy); at += XTS_SECTOR)
			reference(key, (offsets[i] + at) / 512, copy + at, XTS_SECTOR);
		assert_memory_equal(data, copy, sizeof(data));
		assert_int_equal(
			xts_crypt(XTS_DECRYPT, key, offsets[i], data, sizeof(data)), 0);
		assert_memory_equal(data, plain, sizeof(data));
	}
}

static void test_half_sectors_refused(void **state)
{
	uint8_t key[64] = {1}, data[XTS_SECTOR];

	assert_int_equal(xts_crypt(XTS_ENCRYPT, key, 512, data, sizeof(data)), -EINVAL);
	assert_int_equal(xts_crypt(XTS_ENCRYPT, key, 0, data, 512), -EINVAL);
}

enum { SIZE = 3 * (1 << 20) + 5 * XTS_SECTOR, BEFORE = 8192 };

/* A file of some chunks with a hole, through the parallel copy and back: the hole is
 * zeros, and zeros are encrypted as everything else. */
static void test_copy(void **state)
{
	_cleanup_close_ int in = open(in_directory(state, "in"), O_RDWR | O_CREAT, 0600);
	_cleanup_close_ int out =
		open(in_directory(state, "out"), O_RDWR | O_CREAT, 0600);
	_cleanup_close_ int back =
		open(in_directory(state, "back"), O_RDWR | O_CREAT, 0600);
	_cleanup_free_ uint8_t *data = xmalloc(SIZE), *copy = xmalloc(SIZE);
	uint8_t key[64];
	struct xts_copy c = {XTS_ENCRYPT, key, in, out, 0, BEFORE, SIZE};
	struct error err;

	fill(key, sizeof(key), 3);
	fill(data, SIZE, 4);
	memset(data + (1 << 20), 0, 1 << 20);
	assert_int_equal(pwrite(in, data, 1 << 20, 0), 1 << 20);
	assert_int_equal(pwrite(in, data + (2 << 20), SIZE - (2 << 20), 2 << 20),
			 SIZE - (2 << 20));
	assert_ok(xts_copy(&c, &err), &err);
	assert_int_equal(pread(out, copy, SIZE, BEFORE), SIZE);
	assert_int_equal(xts_crypt(XTS_DECRYPT, key, 0, copy, SIZE), 0);
	assert_memory_equal(copy, data, SIZE);
	c = (struct xts_copy){XTS_DECRYPT, key, out, back, BEFORE, 0, SIZE};
	assert_ok(xts_copy(&c, &err), &err);
	assert_int_equal(pread(back, copy, SIZE, 0), SIZE);
	assert_memory_equal(copy, data, SIZE);
}

/* What was never written to a disk needs no room when it is decrypted. */
static void test_holes_stay(void **state)
{
	_cleanup_close_ int in = open(in_directory(state, "in"), O_RDWR | O_CREAT, 0600);
	_cleanup_close_ int out =
		open(in_directory(state, "out"), O_RDWR | O_CREAT, 0600);
	const uint8_t key[64] = {1};
	const struct xts_copy c = {XTS_DECRYPT, key, in, out, 0, 0, SIZE};
	struct error err;
	struct stat st;

	assert_int_equal(ftruncate(in, SIZE), 0);
	assert_int_equal(ftruncate(out, SIZE), 0);
	assert_ok(xts_copy(&c, &err), &err);
	assert_int_equal(fstat(out, &st), 0);
	assert_int_equal(st.st_blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),
		cmocka_unit_test(test_sectors),
		cmocka_unit_test(test_half_sectors_refused),
		cmocka_unit_test_setup_teardown(test_copy, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_holes_stay, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
