/* SPDX-License-Identifier: MIT */
/* The record that stands in for the pin: believed only from who has the volume key. */
#include "test.h"
#include "base/macro.h"
#include "init/record.h"

static const uint8_t volume_key[64] = {1, 2, 3};

static struct pin some_pin(void)
{
	struct pin p = {.secure_boot = true, .owner_count = 2, .lowest_release = 7};

	memset(p.volume, 1, sizeof(p.volume));
	memset(p.owners, 2, sizeof(p.owners[0]) * 2);
	return p;
}

static char *some_token(uint8_t key[static RECORD_KEY_SIZE])
{
	const struct pin p = some_pin();
	char *text;

	assert_int_equal(record_key(volume_key, sizeof(volume_key), key), 0);
	text = record_token(&p, key);
	assert_non_null(text);
	return text;
}

static void test_there_and_back(void **state)
{
	uint8_t key[RECORD_KEY_SIZE], again[PIN_SIZE], bytes[PIN_SIZE];
	_cleanup_free_ char *text = some_token(key);
	const struct pin p = some_pin();
	struct pin q;

	assert_int_equal(record_token_parse(text, key, &q), 0);
	pin_encode(&p, bytes);
	pin_encode(&q, again);
	assert_memory_equal(again, bytes, PIN_SIZE);
}

/* Whoever has the disk, but no way to open it, can write this. */
static void test_forged(void **state)
{
	uint8_t key[RECORD_KEY_SIZE], other[RECORD_KEY_SIZE];
	_cleanup_free_ char *text = some_token(key), *theirs = NULL, *mixed = NULL;
	struct pin p = some_pin(), q;

	assert_int_equal(record_key("another volume", 14, other), 0);
	assert_memory_not_equal(key, other, sizeof(key));
	p.lowest_release = 1;
	theirs = record_token(&p, other);
	assert_int_equal(record_token_parse(theirs, key, &q), -EPERM);
	/* Their content with the mac of ours. */
	mixed = xstrdup(theirs);
	strcpy(strstr(mixed, "\"mac\":\""), strstr(text, "\"mac\":\""));
	assert_int_equal(record_token_parse(mixed, key, &q), -EPERM);
}

static void test_odd(void **state)
{
	static const char *const odd[] = {
		"", "[]", "{\"type\":\"atomos-record\"}",
		"{\"type\":\"atomos-record\",\"record\":\"AAAA\",\"mac\":\"00\"}",
		"{\"type\":\"atomos-record\",\"record\":7,\"mac\":null}"};
	uint8_t key[RECORD_KEY_SIZE] = {0};
	struct pin q;

	for (size_t i = 0; i < ELEMENTSOF(odd); i++)
		assert_int_equal(record_token_parse(odd[i], key, &q), -EBADMSG);
	assert_int_equal(record_token_parse("{\"type\":\"systemd-tpm2\"}", key, &q),
			 -ENOENT);
	assert_int_equal(record_token_parse("{}", key, &q), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
