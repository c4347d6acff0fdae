/* SPDX-License-Identifier: MIT */
/* A key file of the disk counts as far as its keys are remembered elsewhere. */
#include <openssl/evp.h>

#include "test.h"
#include "base/macro.h"
#include "base/variant.h"
#include "init/owner-keys.h"

/* Public key and private key of Ed25519's first test vector (RFC 8032, 7.1). */
static const uint8_t secret[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
				   0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
				   0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
				   0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
#define PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define OTHER "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct trusted_keys vendor(void)
{
	static const char text[] = "vendor-1:" OTHER "\n";
	struct trusted_keys k;

	assert_int_equal(trusted_keys_parse(text, strlen(text), &k, NULL), 0);
	return k;
}

static struct pin pin_with(const char *line)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	struct pin p = {.owner_count = 1};

	assert_int_equal(trusted_keys_parse(line, strlen(line), &k, NULL), 0);
	public_key_hash(&k.keys[0], p.owners[0]);
	return p;
}

static char **add(struct trusted_keys *keys, const char *text, const struct pin *pin)
{
	struct error err = {0};
	char **refused;

	if (owner_keys_add(keys, text, strlen(text), pin, &refused, &err) < 0)
		fail_msg("%s", err.message);
	return refused;
}

static char *sign(const char *data)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret,
						     sizeof(secret));
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t bytes[SIGNATURE_SIZE];
	size_t size = sizeof(bytes);
	char text[128];

	assert_int_equal(EVP_DigestSignInit(c, NULL, NULL, NULL, key), 1);
	assert_int_equal(
		EVP_DigestSign(c, bytes, &size, (const uint8_t *)data, strlen(data)), 1);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
	EVP_EncodeBlock((uint8_t *)text, bytes, SIGNATURE_SIZE);
	return xasprintf("owner-1:%s", text);
}

static void test_known(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = vendor();
	const struct pin pin = pin_with("owner-1:" PUBLIC);
	_cleanup_free_ char *signature = sign("what it says");

	assert_null(signature_check(&keys, signature, "what it says", 12));
	assert_null(add(&keys, "owner-1:" PUBLIC "\n", &pin));
	assert_int_equal(keys.count, 2);
	assert_ptr_equal(signature_check(&keys, signature, "what it says", 12),
			 &keys.keys[1]);
	assert_null(signature_check(&keys, signature, "what it said", 12));
	/* The vendor's still counts. */
	assert_non_null(trusted_keys_find(&keys, "vendor-1"));
}

/* Whoever was root on this machine may have put a key of his beside. */
static void test_unknown(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = vendor();
	const struct pin pin = pin_with("owner-1:" OTHER), none = {0};
	_cleanup_strv_ char **refused = add(&keys, "owner-1:" PUBLIC "\n", &pin);

	assert_int_equal(strv_length(refused), 1);
	assert_string_equal(refused[0], "owner-1");
	assert_int_equal(keys.count, 1);
	strv_free(refused);
	refused = add(&keys, "a:" PUBLIC "\nb:" OTHER "\n", &none);
	assert_int_equal(strv_length(refused), 2);
	assert_int_equal(keys.count, 1);
}

static void test_vendors_name(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = vendor();
	const struct pin pin = pin_with("owner-1:" PUBLIC);
	_cleanup_strv_ char **refused = add(&keys, "vendor-1:" PUBLIC "\n", &pin);

	assert_int_equal(strv_length(refused), 1);
	assert_int_equal(keys.count, 1);
}

static void test_odd(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = vendor();
	const struct pin pin = pin_with("owner-1:" PUBLIC);
	char many[TRUSTED_KEYS_MAX * 64] = "";
	struct error err = {0};
	char **refused;

	assert_int_equal(owner_keys_add(&keys, "no key", 6, &pin, &refused, &err),
			 -EINVAL);
	assert_null(refused);
	for (size_t i = 0; i < TRUSTED_KEYS_MAX; i++)
		sprintf(many + strlen(many), "k%zu:" PUBLIC "\n", i);
	assert_int_equal(owner_keys_add(&keys, many, strlen(many), &pin, &refused, &err),
			 -E2BIG);
	assert_int_equal(keys.count, 1);
}

/* What boot.json says of them: a hash of which no key file is there has no name. */
static void test_list(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys keys = vendor();
	struct pin pin = pin_with("owner-1:" PUBLIC);
	_cleanup_variant_ sd_json_variant *list = NULL;
	_cleanup_free_ char *text = NULL;

	assert_null(add(&keys, "owner-1:" PUBLIC "\n", &pin));
	memset(pin.owners[pin.owner_count++], 0xab, PIN_HASH_SIZE);
	assert_int_equal(owner_keys_list(&pin, &keys, &list), 0);
	assert_true(sd_json_variant_format(list, 0, &text) >= 0);
	assert_string_equal(
		text,
		"[{\"sha256\":"
		"\"21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9\","
		"\"name\":\"owner-1\"},{\"sha256\":"
		"\"abababababababababababababababababababababababababababababababab\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),	     cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_vendors_name), cmocka_unit_test(test_odd),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests_name("owner-keys", tests, NULL, NULL);
}
