/* SPDX-License-Identifier: MIT */
/* Only our own shape of a LUKS2 header is opened; every other is refused for its reason.
 */
#include "test.h"
#include "init/luks-shape.h"

#define SEGMENT "\"sector_size\":4096"

struct change {
	const char *from, *to, *words;
};

static char *header(const char *name)
{
	_cleanup_free_ char *path =
		xasprintf("%s/luks/%s.json", getenv("ATOMOS_TEST_DATA"), name);
	char *text, *out;

	assert_int_equal(read_file_at(AT_FDCWD, path, LUKS_JSON_MAX, &text, NULL), 0);
	out = text;
	for (const char *p = text; *p; p++)
		if (!strchr(" \n\t", *p))
			*out++ = *p;
	*out = 0;
	return text;
}

static char *good(void)
{
	return header("two-slots");
}

/* Replaces the first `from`; the test is wrong when there is none. */
static char *changed(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("nothing to change: %s", from);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_good(void **state)
{
	_cleanup_free_ char *text = good();
	struct error err = {0};
	int r = luks_shape_check(text, &err);

	assert_string_equal(err.message, "");
	assert_int_equal(r, 0);
}

static const struct change changes[] = {
	/* CVE-2025-59054: data or slot in the clear */
	{SEGMENT, SEGMENT ",\"x\":1", "odd fields of the segment"},
	{"\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
	 "\"encryption\":\"cipher_null-ecb\",\"sector_size\"",
	 "cipher of the data: cipher_null-ecb"},
	{"\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
	 "\"encryption\":\"aes-cbc-essiv:sha256\",\"sector_size\"", "cipher of the data"},
	{"\"encryption\":\"aes-xts-plain64\",\"key_size\":64",
	 "\"encryption\":\"cipher_null-ecb\",\"key_size\":64", "cipher of a slot"},
	{"\"encryption\":\"aes-xts-plain64\",\"key_size\":64",
	 "\"encryption\":\"aes-xts-plain64\",\"key_size\":32", "cipher of a slot"},
	{SEGMENT, "\"sector_size\":512", "sectors"},
	{"\"iv_tweak\":\"0\"", "\"iv_tweak\":\"8\"", "sectors"},
	{"\"offset\":\"16777216\"", "\"offset\":\"8388608\"", "offset of the data"},
	{"\"offset\":\"16777216\"", "\"offset\":16777216", "offset of the data"},
	{"\"size\":\"dynamic\"", "\"size\":\"4096\"", "size of the segment"},
	{"\"type\":\"crypt\"", "\"type\":\"linear\"", "type or size"},
	{"\"segments\":{", "\"segments\":{\"1\":{},", "not exactly one segment"},
	{SEGMENT, SEGMENT ",\"flags\":[\"in-reencryption\"]",
	 "odd fields of the segment"},
	{SEGMENT, SEGMENT ",\"integrity\":{\"type\":\"none\"}",
	 "odd fields of the segment"},
	/* reencryption (CVE-2021-4122), requirements */
	{"\"type\":\"luks2\"", "\"type\":\"reencrypt\"", "reencryption"},
	{"\"config\":{",
	 "\"config\":{\"requirements\":{\"mandatory\":[\"online-reencrypt\"]},",
	 "flags or requirements: online-reencrypt"},
	{"\"config\":{",
	 "\"config\":{\"requirements\":{\"mandatory\":[\"a\\u001b[2J\"]},",
	 "flags or requirements: a?[2J"},
	{"\"config\":{", "\"config\":{\"requirements\":{}, ", "flags or requirements"},
	{"\"config\":{", "\"config\":{\"requirements\":[1],", "flags or requirements"},
	{"\"config\":{", "\"config\":[],\"x\":{", "its parts"},
	{"\"config\":{", "\"config\":{\"flags\":[\"allow-discards\"],",
	 "flags or requirements"},
	{"\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"99999999\"", "sizes"},
	/* slots */
	{"\"key_size\":64,\"af\"", "\"key_size\":32,\"af\"", "odd fields of a slot"},
	{"\"stripes\":4000", "\"stripes\":1", "splitting"},
	{"\"offset\":\"32768\"", "\"offset\":\"2097152\"", "place of a slot"},
	{"\"offset\":\"32768\"", "\"offset\":\"18446744073709551615\"",
	 "place of a slot"},
	{"\"type\":\"raw\"", "\"type\":\"datashift\"", "area of a slot"},
	{"\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\"",
	 "\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":4000000000,\"salt\"",
	 "key derivation"},
	{"\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\"",
	 "\"type\":\"pbkdf2\",\"hash\":\"md5\",\"iterations\":1000,\"salt\"",
	 "key derivation"},
	{"\"memory\":65536", "\"memory\":4194304", "key derivation"},
	{"\"memory\":65536", "\"memory\":-1", "key derivation"},
	{"\"type\":\"argon2id\"", "\"type\":\"argon2i\"", "key derivation"},
	{"\"keyslots\":{", "\"keyslots\":{\"9\":7,", "isn't an object"},
	/* digests */
	{"\"digests\":{", "\"digests\":{\"1\":{},", "not exactly one digest"},
	{"\"segments\":[\"0\"]", "\"segments\":[]", "digest of the volume key"},
	{"\"segments\":[\"0\"]", "\"segments\":[\"0\",\"1\"]",
	 "digest of the volume key"},
	{"\"tokens\":{}", "\"tokens\":[]", "tokens"},
	{"\"tokens\":{},", "", "its parts"},
	{"{\"keyslots\"", "{\"more\":1,\"keyslots\"", "its parts"},
	{"{\"keyslots\"", "[{\"keyslots\"", "isn't JSON"},
};

/* systemd-cryptenroll's own tokens and ours, each with one thing changed. */
static const struct change token_changes[] = {
	{"systemd-tpm2", "systemd-pkcs11", "unknown kind"},
	{"\"systemd-recovery\"", "7", "without a kind"},
	{"\"tokens\":{\"0\":", "\"tokens\":{\"9\":[],\"0\":", "without a kind"},
	{"\"keyslots\":[\"1\"],\"tpm2-blob\"", "\"keyslots\":[],\"tpm2-blob\"",
	 "odd fields of a token"},
	{"\"keyslots\":[\"1\"],\"tpm2-blob\"", "\"keyslots\":[\"1\",\"2\"],\"tpm2-blob\"",
	 "odd fields"},
	{"\"tpm2-blob\":\"", "\"tpm2-blob\":\"!", "odd fields"},
	{"\"tpm2-blob\"", "\"tpm2-blub\"", "odd fields"},
	{"\"tpm2-pcrs\":[7]", "\"tpm2-pcrs\":[24]", "odd fields"},
	{"\"tpm2-pcrs\":[7]", "\"tpm2-pcrs\":7", "odd fields"},
	{"\"tpm2-pcrs\":[7]", "\"tpm2-pcrs\":[7],\"tpm2_pcrlock\":true", "odd fields"},
	{"\"tpm2-policy-hash\":\"", "\"tpm2-policy-hash\":\"x", "odd fields"},
	{"\"tpm2-primary-alg\":\"ecc\"", "\"tpm2-primary-alg\":\"\"", "odd fields"},
	/* An encrypted key, for which somebody would be asked. */
	{"\"tpm2_pubkey\":\"",
	 "\"tpm2_pubkey\":"
	 "\"LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KUHJvYy1UeXBlOiA0LEVOQ1JZUFRFRAoK",
	 "odd fields"},
	{"\"tpm2_pubkey\":\"", "\"tpm2_pubkey\":\"AAAA", "odd fields"},
	{"\"keymap\":\"de-latin1\"", "\"keymap\":\"a\\u001b[2J\"", "odd fields"},
	{"\"keymap\":\"de-latin1\"", "\"keymap\":\"us\",\"more\":1", "odd fields"},
	{"\"user\":\"anna\"", "\"user\":null", "odd fields"},
	{"\"atomos-record\",\"keyslots\":[]", "\"atomos-record\",\"keyslots\":[\"1\"]",
	 "odd fields"},
	{"\"want\":\"", "\"want\":\"\\u001b", "odd fields"},
	{"\"mac\":\"", "\"mac\":\"-", "odd fields"},
	{"\"record\":\"", "\"record\":\"-", "odd fields"},
	{"\"fido2-up-required\":true", "\"fido2-up-required\":1", "odd fields"},
};

static void test_tokens(void **state)
{
	_cleanup_free_ char *text = header("owned");
	struct error err = {0};

	if (luks_shape_check(text, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < ELEMENTSOF(token_changes); i++) {
		const struct change *c = &token_changes[i];
		_cleanup_free_ char *bad = changed(text, c->from, c->to);

		if (luks_shape_check(bad, &err) != -EPERM)
			fail_msg("accepted: %s", c->to);
		assert_says(&err, c->words);
	}
}

static void test_refused(void **state)
{
	_cleanup_free_ char *text = good();

	for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
		_cleanup_free_ char *bad = changed(text, changes[i].from, changes[i].to);
		struct error err = {0};

		if (luks_shape_check(bad, &err) != -EPERM)
			fail_msg("accepted: %s", changes[i].to);
		assert_says(&err, changes[i].words);
	}
}

static void test_too_many_slots(void **state)
{
	_cleanup_free_ char *text = good();
	const char *first = strstr(text, ":{\"type\":\"luks2\""),
		   *end = strstr(text, ",\"1\":{");
	_cleanup_free_ char *slot = xstrndup(first, (size_t)(end - first));

	for (int i = 2; i < 9; i++) {
		_cleanup_free_ char *to = xasprintf("\"keyslots\":{\"%d\"%s,", i, slot);
		char *more = changed(text, "\"keyslots\":{", to);

		free(text);
		text = more;
		assert_int_equal(luks_shape_check(text, NULL), i < 7 ? 0 : -EPERM);
	}
}

static void test_not_an_object(void **state)
{
	static const char *const texts[] = {"",	    "[]", "1",
					    "null", "{}", "{\"keyslots\":1}"};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++)
		assert_int_equal(luks_shape_check(texts[i], NULL), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_too_many_slots),
		cmocka_unit_test(test_not_an_object),
	};

	return cmocka_run_group_tests_name("luks-shape", tests, NULL, NULL);
}
