/* SPDX-License-Identifier: MIT */
/* Trusted keys and Nix's own signatures. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "fixture.h"

static void keys_from(const char *path, struct trusted_keys *k)
{
	size_t size;
	_cleanup_free_ char *text = golden(path, &size);
	struct error err;

	if (trusted_keys_parse(text, size, k, &err) < 0)
		fail_msg("%s: %s", path, err.message);
}

static void test_keys(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};

	keys_from("trusted-keys/two", &k);
	assert_int_equal(k.count, 2);
	assert_string_equal(k.keys[0].name, "golden-1");
	assert_ptr_equal(trusted_keys_find(&k, "other-1"), &k.keys[1]);
	assert_null(trusted_keys_find(&k, "other"));
}

static void test_hash(void **state)
{
	static const char line[] = "a:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	uint8_t hash[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct error err;

	if (trusted_keys_parse(line, strlen(line), &k, &err) < 0)
		fail_msg("%s", err.message);
	public_key_hash(&k.keys[0], hash);
	hex_encode(hash, sizeof(hash), hex);
	assert_string_equal(
		hex, "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9");
}

/* The longest name; both halves of a private key. */
static void test_key_text(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	_cleanup_secret_ struct secret *half = NULL, *both = NULL;
	uint8_t bytes[2 * PUBLIC_KEY_SIZE] = {1, 2, 3, [2 * PUBLIC_KEY_SIZE - 1] = 4};
	char name[KEY_NAME_MAX + 1] = {0};
	struct error err;

	memset(name, 'n', KEY_NAME_MAX);
	half = key_text(name, bytes, PUBLIC_KEY_SIZE);
	if (trusted_keys_parse(half->data, half->size, &k, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(k.keys[0].name, name);
	assert_memory_equal(k.keys[0].bytes, bytes, PUBLIC_KEY_SIZE);
	both = key_text("a", bytes, sizeof(bytes));
	assert_int_equal(both->size, 2 + 88);
	assert_int_equal(strlen(both->data), both->size);
}

static void check_refusal(const char *path, const char *text, size_t size,
			  const char *expected)
{
	struct trusted_keys k;
	struct error err = {0};

	if (trusted_keys_parse(text, size, &k, &err) == 0)
		fail_msg("%s was accepted", path);
	if (!streq(err.message, expected))
		fail_msg("%s: \"%s\" instead of \"%s\"", path, err.message, expected);
	assert_int_equal(k.count, 0);
}

static void test_should_fail(void **state)
{
	each_golden("trusted-keys/should-fail", "", ".expected", 13, check_refusal);
}

/* Every bit of signature and text counts. */
static void test_signature_of_nix(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0}, two = {0};
	_cleanup_closure_ struct closure c = {0};
	_cleanup_free_ char *text = golden("narinfo/signed.narinfo", NULL),
			    *signed_text = NULL;
	struct error err;
	const char *good;

	keys_from("trusted-keys/golden", &k);
	keys_from("trusted-keys/two", &two);
	assert_int_equal(closure_parse(text, strlen(text), &c, &err), 0);
	signed_text = path_info_fingerprint(&c.paths[1]);
	good = c.paths[1].signatures[0];
	assert_ptr_equal(signature_check(&k, good, signed_text, strlen(signed_text)),
			 &k.keys[0]);
	assert_null(signature_check(&k, c.paths[1].signatures[1], signed_text,
				    strlen(signed_text)));
	assert_ptr_equal(signature_check(&two, c.paths[1].signatures[1], signed_text,
					 strlen(signed_text)),
			 &two.keys[1]);
	for (size_t i = 0; good[i]; i++) {
		_cleanup_free_ char *bad = xstrdup(good);

		bad[i] ^= 1;
		assert_null(signature_check(&two, bad, signed_text, strlen(signed_text)));
	}
	for (size_t i = 0; signed_text[i]; i++) {
		signed_text[i] ^= 1;
		assert_null(signature_check(&k, good, signed_text, strlen(signed_text)));
		signed_text[i] ^= 1;
	}
}

/* A key is not found by its name alone: a later one of the same name is tried too. */
static void test_same_name(void **state)
{
	_cleanup_trusted_keys_ struct trusted_keys k = {0};
	_cleanup_closure_ struct closure c = {0};
	_cleanup_free_ char *text = golden("narinfo/signed.narinfo", NULL),
			    *signed_text = NULL;
	static const char keys[] =
		"golden-1:vIFf3ehn0QI6Mi8G38MH/SiP3KSfVyeQVeS//2z/Uu0=\n"
		"golden-1:Szjkd441ejBAKcJ3HKnhsvqB5kdiL7Z9LXEBACqPG48=\n";
	struct error err;

	assert_int_equal(trusted_keys_parse(keys, strlen(keys), &k, &err), 0);
	assert_int_equal(closure_parse(text, strlen(text), &c, &err), 0);
	signed_text = path_info_fingerprint(&c.paths[0]);
	assert_ptr_equal(signature_check(&k, c.paths[0].signatures[0], signed_text,
					 strlen(signed_text)),
			 &k.keys[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_key_text),
		cmocka_unit_test(test_should_fail),
		cmocka_unit_test(test_signature_of_nix),
		cmocka_unit_test(test_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
