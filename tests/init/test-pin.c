/* SPDX-License-Identifier: MIT */
/* The pin's layout, which TPMs keep for years. */

#include "test.h"
#include "core/hash.h"
#include "init/pcr-signature.h"
#include "init/pin.h"

/* Of the example below; it changes only together with the version. */
#define GOLDEN "387f17b73bccd9dde9006041ad533c8226ebefc2e2ceee4e35868f17f33a250d"

static struct pin example(void)
{
	struct pin p = {.secure_boot = true,
			.owner_count = 2,
			.with_pin = true,
			.granted_at = 0x1112131415161718,
			.lowest_release = 0x0102030405060708};

	memset(p.volume, 0x11, sizeof(p.volume));
	memset(p.pcr7, 0x22, sizeof(p.pcr7));
	memset(p.owners[0], 0x33, sizeof(p.owners[0]));
	memset(p.owners[1], 0x44, sizeof(p.owners[1]));
	return p;
}

static void test_golden(void **state)
{
	const struct pin p = example();
	uint8_t bytes[PIN_SIZE], digest[32];
	char hex[65];

	pin_encode(&p, bytes);
	sha256_buffer(bytes, sizeof(bytes), digest);
	hex_encode(digest, sizeof(digest), hex);
	assert_string_equal(hex, GOLDEN);
}

static void test_there_and_back(void **state)
{
	const struct pin p = example();
	struct pin q;
	uint8_t bytes[PIN_SIZE];

	pin_encode(&p, bytes);
	assert_int_equal(pin_decode(bytes, sizeof(bytes), &q), 0);
	assert_memory_equal(p.volume, q.volume, sizeof(p.volume));
	assert_memory_equal(p.pcr7, q.pcr7, sizeof(p.pcr7));
	assert_memory_equal(p.owners, q.owners, sizeof(p.owners));
	assert_int_equal(q.lowest_release, p.lowest_release);
	assert_int_equal(q.granted_at, p.granted_at);
	assert_int_equal(q.owner_count, 2);
	assert_true(q.secure_boot);
	assert_true(q.with_pin);
}

/* Places of owner keys that aren't used don't count. */
static void test_equal(void **state)
{
	const struct pin p = example();
	struct pin q = example();

	memset(q.owners[2], 0x55, sizeof(q.owners[2]));
	assert_true(pin_equal(&p, &q));
	q.owner_count = 3;
	assert_false(pin_equal(&p, &q));
	q = example();
	q.granted_at++;
	assert_false(pin_equal(&p, &q));
}

static void test_owner(void **state)
{
	struct pin p = example();
	uint8_t first[PIN_HASH_SIZE], second[PIN_HASH_SIZE];

	memset(first, 0x33, sizeof(first));
	memset(second, 0x44, sizeof(second));
	assert_int_equal(pin_owner(&p, second), 1);
	pin_remove_owner(&p, first);
	assert_int_equal(p.owner_count, 1);
	assert_true(pin_owner(&p, first) < 0);
	assert_int_equal(pin_owner(&p, second), 0);
	pin_remove_owner(&p, first);
	assert_int_equal(p.owner_count, 1);
	pin_remove_owner(&p, second);
	assert_int_equal(p.owner_count, 0);
}

static void test_raised(void **state)
{
	struct pin p = {.lowest_release = 4};

	pin_raise(&p, 3);
	assert_int_equal(p.lowest_release, 4);
	pin_raise(&p, 6);
	assert_int_equal(p.lowest_release, 6);
	/* What was granted stays, until a newer boot image comes. */
	p.lowest_release = 2;
	p.granted_at = 6;
	pin_raise(&p, 5);
	pin_raise(&p, 6);
	assert_int_equal(p.lowest_release, 2);
	pin_raise(&p, 7);
	assert_int_equal(p.lowest_release, 7);
	assert_int_equal(p.granted_at, 0);
}

static void test_refused(void **state)
{
	/* magic, version, Secure Boot, count, reserved, an unused place, the end */
	static const size_t places[] = {0, 8, 9, 10, 11, 12, 13, 15, 88 + 64, 343};
	const struct pin p = example();
	struct pin q;
	uint8_t bytes[PIN_SIZE];

	pin_encode(&p, bytes);
	assert_int_equal(pin_decode(bytes, PIN_SIZE - 1, &q), -EBADMSG);
	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		bytes[places[i]] ^= 0x80;
		assert_int_equal(pin_decode(bytes, sizeof(bytes), &q), -EBADMSG);
		bytes[places[i]] ^= 0x80;
	}
}

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"

/* During a renewal two keys sign the same. */
static void test_signatures(void **state)
{
	static const char json[] = "{\"sha1\":[],\"sha256\":["
				   "{\"pcrs\":[11],\"pkfp\":\"" TWOS "\",\"pol\":\"" ONES
				   "\",\"sig\":\"AAAA\"},"
				   "{\"pcrs\":[11],\"pkfp\":\"" ONES "\",\"pol\":\"" TWOS
				   "\",\"sig\":\"AAAA\"},"
				   "{\"pcrs\":[11],\"pkfp\":\"" ONES "\",\"pol\":\"" ONES
				   "\",\"sig\":\"AQID\"}]}";
	uint8_t policy[PCR_POLICY_SIZE], key[PCR_FINGERPRINT_SIZE],
		sig[PCR_SIGNATURE_MAX];
	size_t size;

	memset(policy, 0x11, sizeof(policy));
	memset(key, 0x11, sizeof(key));
	assert_int_equal(pcr_signature_find(json, key, policy, sig, &size), 0);
	assert_int_equal(size, 3);
	assert_memory_equal(sig, "\1\2\3", 3);
	assert_true(pcr_signature_by(json, key));
	policy[0] = 0;
	assert_int_equal(pcr_signature_find(json, key, policy, sig, &size), -ENOENT);
	policy[0] = 0x11;
	key[0] = 0;
	assert_int_equal(pcr_signature_find(json, key, policy, sig, &size), -ENOENT);
	assert_false(pcr_signature_by(json, key));
	assert_int_equal(pcr_signature_find("{}", key, policy, sig, &size), -ENOENT);
	assert_int_equal(pcr_signature_find("[", key, policy, sig, &size), -EBADMSG);
	assert_int_equal(pcr_signature_find("{\"sha256\":[1]}", key, policy, sig, &size),
			 -EBADMSG);
}

/* What a key is called in real signatures: test-enrol.c. */
static void test_no_key(void **state)
{
	static const char pem[] =
		"-----BEGIN PUBLIC KEY-----\n"
		"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALGYHRClG9scJ3Xf5u/xdlDJk9Yk7x0m\n"
		"-----END PUBLIC KEY-----\n";
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];

	assert_int_equal(pcr_key_fingerprint(pem, fingerprint), -EBADMSG);
	assert_int_equal(pcr_key_fingerprint("", fingerprint), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_raised),	cmocka_unit_test(test_owner),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_no_key),	cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
