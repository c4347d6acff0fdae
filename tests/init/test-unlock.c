/* SPDX-License-Identifier: MIT */
/* Whose volume it is: which slot opens with what, and which key it has. Without
 * device-mapper: nothing is activated. */
#include <libcryptsetup.h>

#include "test.h"
#include "image/luks.h"
#include "init/unlock.h"

#define FILE_NAME "test-unlock.img"

/* A header with the public password in slot 0, a costly password in slot 1, and a
 * recovery token for slot 2. */
static void make(const char *path)
{
	static const char token[] =
		"{\"type\":\"systemd-recovery\",\"keyslots\":[\"2\"]}";
	_cleanup_secret_ struct secret *public = secret_of("atomos"), *key = NULL;
	const struct luks_options o = {.path = path, .password = public};
	const struct crypt_pbkdf_type costly = {.type = CRYPT_KDF_PBKDF2,
						.hash = "sha256",
						.iterations = 20000,
						.flags = CRYPT_PBKDF_NO_BENCHMARK},
				      cheap = {.type = CRYPT_KDF_PBKDF2,
					       .hash = "sha256",
					       .iterations = 1000,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	struct crypt_device *cd;

	assert_int_equal(luks_format(&o, &key, NULL), 0);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &costly), 0);
	assert_int_equal(
		crypt_keyslot_add_by_volume_key(cd, 1, key->data, key->size, "mine", 4),
		1);
	assert_int_equal(crypt_set_pbkdf_type(cd, &cheap), 0);
	assert_int_equal(
		crypt_keyslot_add_by_volume_key(cd, 2, key->data, key->size, "lost", 4),
		2);
	assert_int_equal(crypt_token_json_set(cd, CRYPT_ANY_TOKEN, token), 0);
	crypt_free(cd);
}

static void test_slots(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *public = secret_of("atomos"),
				       *mine = secret_of("mine"),
				       *lost = secret_of("lost");
	struct error err = {0};

	make(FILE_NAME);
	if (volume_open_header(FILE_NAME, "atomos-test", &v, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(volume_public_slot(v, public), 0);
	assert_int_equal(volume_public_slot(v, lost), 2);
	/* An owner's password is never tried as a public one. */
	assert_int_equal(volume_public_slot(v, mine), -ENOENT);
	assert_int_equal(volume_opener(v, 0), OPENER_PASSWORD);
	assert_int_equal(volume_opener(v, 2), OPENER_RECOVERY);
	assert_false(volume_has_tpm(v));
	assert_string_equal(opener_word(volume_opener(v, 2)), "recovery");
	unlink(FILE_NAME);
}

#define RECOVERY "cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-iiiiiiii"

/* A recovery key opens in any spelling, and comes back in the one that opens; a password
 * is taken as it is. */
static void test_typed(void **state)
{
	const struct crypt_pbkdf_type cheap = {.type = CRYPT_KDF_PBKDF2,
					       .hash = "sha256",
					       .iterations = 1000,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	static const char *const spellings[] = {
		RECOVERY,
		"CCCCCCCC-BBBBBBBB-DDDDDDDD-EEEEEEEE-FFFFFFFF-GGGGGGGG-HHHHHHHH-IIIIIIII",
		" cccccccc bbbbbbbb  ddddddddeeeeeeee-ffff-ffff GGGGGGGG hhhhhhhh "
		"iiiiiiii ",
	};
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *mine = secret_of("mine"),
				       *odd = secret_of("MINE"),
				       *wrong = secret_of(RECOVERY "c");
	struct crypt_device *cd;

	make(FILE_NAME);
	assert_int_equal(crypt_init(&cd, FILE_NAME), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &cheap), 0);
	assert_int_equal(crypt_keyslot_change_by_passphrase(cd, 2, 2, "lost", 4, RECOVERY,
							    strlen(RECOVERY)),
			 2);
	crypt_free(cd);
	assert_int_equal(volume_open_header(FILE_NAME, "atomos-test", &v, NULL), 0);
	for (size_t i = 0; i < ELEMENTSOF(spellings); i++) {
		_cleanup_secret_ struct secret *key = secret_of(spellings[i]);

		assert_int_equal(volume_prove(v, key, NULL), 2);
		assert_string_equal(key->data, RECOVERY);
	}
	assert_int_equal(volume_prove(v, mine, NULL), 1);
	assert_int_equal(volume_prove(v, odd, NULL), -EPERM);
	assert_string_equal(odd->data, "MINE");
	assert_int_equal(volume_prove(v, wrong, NULL), -EPERM);
	unlink(FILE_NAME);
}

/* Slots come and go, the digest stays; another volume has another. */
static void test_digest(void **state)
{
	uint8_t digests[3][VOLUME_DIGEST_SIZE];

	for (size_t i = 0; i < 3; i++) {
		_cleanup_(volume_freep) struct volume *v = NULL;

		if (i != 1)
			make(FILE_NAME);
		assert_int_equal(volume_open_header(FILE_NAME, "atomos-test", &v, NULL),
				 0);
		memcpy(digests[i], volume_key_digest(v), VOLUME_DIGEST_SIZE);
		if (i == 0) {
			struct crypt_device *cd;

			assert_int_equal(crypt_init(&cd, FILE_NAME), 0);
			assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
			assert_int_equal(crypt_keyslot_destroy(cd, 1), 0);
			crypt_free(cd);
		}
	}
	assert_memory_equal(digests[0], digests[1], VOLUME_DIGEST_SIZE);
	assert_memory_not_equal(digests[0], digests[2], VOLUME_DIGEST_SIZE);
	unlink(FILE_NAME);
}

#define RELEASE_REQUEST                                                                  \
	"{\"type\":\"atomos-request\",\"keyslots\":[],\"want\":\"release=2\"}"

/* As somebody does who has the disk. */
static void add_token(const char *json)
{
	struct crypt_device *cd;

	assert_int_equal(crypt_init(&cd, FILE_NAME), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN, json) >= 0);
	crypt_free(cd);
}

static unsigned records(void)
{
	struct crypt_device *cd;
	unsigned n = 0;

	assert_int_equal(crypt_init(&cd, FILE_NAME), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		const char *type = NULL;

		if (crypt_token_status(cd, i, &type) != CRYPT_TOKEN_INACTIVE && type)
			n += streq(type, "atomos-record");
	}
	crypt_free(cd);
	return n;
}

/* The record comes with the header, for whoever opens the volume. */
static void reads(const char *password, int slot, uint64_t lowest)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *s = secret_of(password);
	struct error err = {0};
	struct pin pin = {.lowest_release = 99};

	if (volume_open_header(FILE_NAME, "atomos-test", &v, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(volume_record(v, &pin), -ENOKEY);
	assert_int_equal(volume_learn(v, s, &err), slot);
	assert_int_equal(volume_record(v, &pin), lowest ? 0 : -ENOENT);
	/* Nothing of what isn't this volume's comes along. */
	assert_int_equal(pin.lowest_release, lowest ? lowest : 99);
}

static void test_record(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *mine = secret_of("mine"),
				       *wrong = secret_of("other");
	struct pin pin = {.lowest_release = 3};
	struct crypt_device *cd;
	struct error err = {0};

	make(FILE_NAME);
	reads("mine", 1, 0);
	assert_int_equal(volume_open_header(FILE_NAME, "atomos-test", &v, &err), 0);
	memcpy(pin.volume, volume_key_digest(v), VOLUME_DIGEST_SIZE);
	assert_int_equal(volume_keep_record(v, &pin, &err), -ENOKEY);
	assert_int_equal(volume_learn(v, wrong, &err), -EPERM);
	assert_int_equal(volume_keep_record(v, &pin, &err), -ENOKEY);
	assert_int_equal(volume_learn(v, mine, &err), 1);
	assert_int_equal(volume_keep_record(v, &pin, &err), 0);
	reads("lost", 2, 3);
	pin.lowest_release = 4;
	assert_int_equal(volume_keep_record(v, &pin, &err), 0);
	reads("mine", 1, 4);
	assert_int_equal(records(), 1);
	/* Of another volume. */
	pin.volume[0] ^= 1;
	assert_int_equal(volume_keep_record(v, &pin, &err), 0);
	reads("mine", 1, 0);
	/* Somebody without a password can only break it or take it away. */
	add_token("{\"type\":\"atomos-record\",\"keyslots\":[],"
		  "\"record\":\"AAAA\",\"mac\":\"00\"}");
	reads("mine", 1, 0);
	pin.volume[0] ^= 1;
	assert_int_equal(volume_keep_record(v, &pin, &err), 0);
	reads("mine", 1, 4);
	assert_int_equal(records(), 1);
	unlink(FILE_NAME);
}

/* What the running system has written, until it is answered. */
static void test_requests(void **state)
{
	static const char *const tokens[] = {
		"{\"type\":\"atomos-request\",\"keyslots\":[],\"want\":\"tpm-pin\"}",
		"{\"type\":\"atomos-request\",\"keyslots\":[],\"want\":\"more\"}",
		"{\"type\":\"atomos-request\",\"keyslots\":[],\"want\":\"release=2\"}",
	};

	make(FILE_NAME);
	for (size_t i = 0; i < ELEMENTSOF(tokens); i++)
		add_token(tokens[i]);
	/* All, then what isn't answered yet, then nothing. */
	for (size_t i = 0; i < 3; i++) {
		_cleanup_(volume_freep) struct volume *v = NULL;
		_cleanup_requests_ struct requests r;
		struct error err = {0};

		if (volume_open_header(FILE_NAME, "atomos-test", &v, &err) < 0)
			fail_msg("%s", err.message);
		volume_requests(v, &r);
		assert_int_equal(r.count, 2 - i);
		if (i < 2)
			assert_int_equal(r.list[0].kind, REQUEST_TPM_PIN);
		if (i == 0)
			assert_int_equal(r.list[1].release, 2);
		assert_int_equal(
			volume_drop_requests(v, i ? DROP_ALL : DROP_BUT_TPM, &err), 0);
	}
	unlink(FILE_NAME);
}

static void asks(enum request_kind kind, size_t count)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_requests_ struct requests r;
	struct error err = {0};

	assert_int_equal(volume_open_header(FILE_NAME, "atomos-test", &v, &err), 0);
	volume_requests(v, &r);
	assert_int_equal(r.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(r.list[i].kind, kind);
}

/* What a start leaves for the next one, in case that it is cut. */
static void test_own_requests(void **state)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	struct crypt_device *cd;
	struct error err = {0};

	make(FILE_NAME);
	assert_int_equal(volume_open_header(FILE_NAME, "atomos-test", &v, &err), 0);
	assert_int_equal(volume_request_tpm(v, true, &err), 0);
	asks(REQUEST_TPM_PIN, 1);
	/* The newest counts. */
	assert_int_equal(volume_request_tpm(v, false, &err), 0);
	asks(REQUEST_TPM, 1);
	add_token(RELEASE_REQUEST);
	assert_int_equal(volume_drop_requests(v, DROP_TPM, &err), 0);
	asks(REQUEST_RELEASE, 1);
	unlink(FILE_NAME);
}

static void test_too_many_requests(void **state)
{
	make(FILE_NAME);
	for (size_t i = 0; i <= REQUESTS_MAX + 1; i++) {
		_cleanup_(volume_freep) struct volume *v = NULL;
		_cleanup_requests_ struct requests r;
		struct crypt_device *cd;
		struct error err = {0};

		if (volume_open_header(FILE_NAME, "atomos-test", &v, &err) < 0)
			fail_msg("%s", err.message);
		volume_requests(v, &r);
		assert_int_equal(r.count, MIN(i, (size_t)REQUESTS_MAX));
		assert_int_equal(r.too_many, i > REQUESTS_MAX);
		add_token(RELEASE_REQUEST);
	}
	unlink(FILE_NAME);
}

static void test_odd_digest(void **state)
{
	uint8_t digest[VOLUME_DIGEST_SIZE];

	assert_int_equal(volume_digest("{}", digest), -EBADMSG);
	assert_int_equal(
		volume_digest("{\"digests\":{\"0\":{\"hash\":\"sha256\"}}}", digest),
		-EBADMSG);
	assert_int_equal(
		volume_digest("{\"digests\":{\"0\":{\"hash\":\"a\\nb\",\"salt\":\"s\","
			      "\"digest\":\"d\",\"iterations\":1}}}",
			      digest),
		-EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_own_requests),
		cmocka_unit_test(test_odd_digest),
		cmocka_unit_test(test_too_many_requests),
	};

	return cmocka_run_group_tests_name("unlock", tests, NULL, NULL);
}
