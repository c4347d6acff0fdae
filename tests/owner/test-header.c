/* SPDX-License-Identifier: MIT */
/* Slots of a header: added with proof, named by tokens, removed only when another opens.
 */
#include <errno.h>
#include <libcryptsetup.h>
#include <string.h>

#include "fixture.h"
#include "base/alloc.h"
#include "base/str.h"
#include "core/recovery-key.h"
#include "image/luks.h"
#include "init/luks-shape.h"
#include "init/record.h"
#include "init/request.h"
#include "owner/header.h"

static struct header *make(void **state)
{
	const char *path = in_directory(state, "header");
	_cleanup_secret_ struct secret *generic = secret_of("atomos"), *key = NULL;
	const struct luks_options o = {.path = path, .password = generic};
	struct header *h;
	struct error err;

	assert_ok(luks_format(&o, &key, &err), &err);
	assert_ok(header_open(path, &h, &err), &err);
	return h;
}

static int add(struct header *h, enum slot_kind kind, const char *authority,
	       const char *secret)
{
	_cleanup_secret_ struct secret *a = secret_of(authority), *s = secret_of(secret);
	const struct slot_new n = {
		.kind = kind, .user = "ada", .authority = a, .secret = s};
	struct error err;

	return header_add(h, &n, &err);
}

static int drop(struct header *h, int slot, const char *proof)
{
	_cleanup_secret_ struct secret *s = secret_of(proof);
	struct error err;

	return header_remove(h, slot, s, &err);
}

static int try(struct header *h, const char *secret)
{
	_cleanup_secret_ struct secret *s = secret_of(secret);

	return header_try(h, s);
}

static struct slots slots_of(struct header *h)
{
	struct slots s;
	struct error err;

	assert_ok(header_slots(h, &s, &err), &err);
	return s;
}

static void test_first_boot(void **state)
{
	_cleanup_header_ struct header *h = make(state);
	_cleanup_secret_ struct secret *recovery = NULL;
	struct error err;
	struct slots s;

	assert_ok(recovery_key_make(&recovery, &err), &err);
	assert_int_equal(add(h, SLOT_RECOVERY, "atomos", recovery->data), 1);
	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "correct horse"), 2);
	s = slots_of(h);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.list[0].kind, SLOT_OTHER);
	assert_int_equal(s.list[1].kind, SLOT_RECOVERY);
	assert_int_equal(s.list[2].kind, SLOT_PASSWORD);
	assert_string_equal(s.list[2].user, "ada");
	assert_int_equal(drop(h, 0, recovery->data), 0);
	assert_int_equal(try(h, "atomos"), -EKEYREJECTED);
	assert_int_equal(try(h, "correct horse"), 2);
	assert_int_equal(try(h, recovery->data), 1);
	assert_int_equal(slots_of(h).count, 2);
}

/* cryptsetup luksChangeKey keeps number and token of a slot. */
static void test_changed_slot(void **state)
{
	_cleanup_header_ struct header *h = make(state), *again = NULL;
	const char *path = in_directory(state, "header");
	struct crypt_device *cd;
	struct slot before, after;
	struct error err;

	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "second"), 1);
	assert_ok(header_slot(h, 1, &before, &err), &err);
	assert_int_equal(header_slot(h, 2, &after, &err), -ENOENT);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_true(crypt_keyslot_change_by_passphrase(cd, 1, 1, "second", 6, "third",
						       5) == 1);
	crypt_free(cd);
	assert_ok(header_open(path, &again, &err), &err);
	assert_ok(header_slot(again, 1, &after, &err), &err);
	assert_int_equal(after.kind, SLOT_PASSWORD);
	assert_string_equal(after.user, "ada");
	assert_int_equal(strlen(before.salt), strlen(after.salt));
	assert_string_not_equal(before.salt, "");
	assert_string_not_equal(before.salt, after.salt);
}

/* What systemd-cryptenroll leaves for a TPM, without and with a PIN. */
static void test_tpm(void **state)
{
#define TPM_TOKEN(slot, pin)                                                             \
	"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"" slot "\"],\"tpm2-blob\":\"AAAA\"," \
	"\"tpm2-pcrs\":[7],\"tpm2-pcr-bank\":\"sha256\",\"tpm2-policy-hash\":\""         \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","            \
	"\"tpm2-pin\":" pin "}"
	static const char *const tokens[] = {TPM_TOKEN("0", "false"),
					     TPM_TOKEN("1", "true")};
	_cleanup_header_ struct header *h = make(state), *again = NULL;
	const char *path = in_directory(state, "header");
	_cleanup_free_ char *without = NULL, *with = NULL;
	struct crypt_device *cd;
	struct error err;
	struct slots s;

	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "second"), 1);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_true(crypt_token_json_set(cd, 0, tokens[1]) == 0);
	assert_true(crypt_token_json_set(cd, 1, tokens[0]) == 1);
	crypt_free(cd);
	assert_ok(header_open(path, &again, &err), &err);
	s = slots_of(again);
	assert_int_equal(s.count, 2);
	without = slot_words(&s.list[0]);
	with = slot_words(&s.list[1]);
	assert_string_equal(without, "the TPM of this machine");
	assert_string_equal(with, "the TPM of this machine together with a PIN");
}

static void test_remove_needs_another(void **state)
{
	_cleanup_header_ struct header *h = make(state);

	assert_int_equal(drop(h, 0, "atomos"), -EBUSY);
	assert_int_equal(drop(h, 0, "wrong"), -EKEYREJECTED);
	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "second"), 1);
	assert_int_equal(drop(h, 0, "atomos"), -EBUSY);
	assert_int_equal(drop(h, 0, "wrong"), -EKEYREJECTED);
	assert_int_equal(drop(h, 1, "atomos"), 0);
	assert_int_equal(try(h, "second"), -EKEYREJECTED);
	assert_int_equal(try(h, "atomos"), 0);
}

static void test_token_goes_with_slot(void **state)
{
	_cleanup_header_ struct header *h = make(state);
	struct slots s;

	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "first"), 1);
	assert_int_equal(drop(h, 1, "atomos"), 0);
	/* A slot that comes later under the same number isn't taken for Ada's. */
	assert_int_equal(add(h, SLOT_RECOVERY, "atomos", "later"), 1);
	s = slots_of(h);
	assert_int_equal(s.list[1].kind, SLOT_RECOVERY);
	assert_string_equal(s.list[1].user, "");
}

static void test_authority_wrong(void **state)
{
	_cleanup_header_ struct header *h = make(state);

	assert_int_equal(add(h, SLOT_PASSWORD, "wrong", "second"), -EKEYREJECTED);
	assert_int_equal(slots_of(h).count, 1);
}

static void test_full(void **state)
{
	_cleanup_header_ struct header *h = make(state);

	struct error err;

	for (int i = 1; i < LUKS_SLOTS_MAX; i++) {
		assert_ok(header_room(h, &err), &err);
		assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "x"), i);
	}
	assert_int_equal(header_room(h, &err), -ENOSPC);
	assert_non_null(strstr(err.message, "atomos enroll remove"));
	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "x"), -ENOSPC);
}

/* What the first boot writes is what the boot accepts. */
static void test_shape(void **state)
{
	_cleanup_header_ struct header *h = make(state);
	struct crypt_device *cd;
	struct error err = {0};
	const char *json;

	assert_int_equal(add(h, SLOT_RECOVERY, "atomos", "recovery"), 1);
	assert_int_equal(add(h, SLOT_PASSWORD, "atomos", "password"), 2);
	assert_ok(header_set_keymap(h, "de-latin1", &err), &err);
	assert_int_equal(crypt_init(&cd, in_directory(state, "header")), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	assert_ok(luks_shape_check(json, &err), &err);
	assert_non_null(strstr(json, "argon2id"));
	assert_non_null(strstr(json, "\"keymap\":\"de-latin1\""));
	crypt_free(cd);
	/* The usual keyboard needs no token. */
	assert_ok(header_set_keymap(h, "us", &err), &err);
	assert_int_equal(crypt_init(&cd, in_directory(state, "header")), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	assert_null(strstr(json, "atomos-keymap"));
	crypt_free(cd);
}

/* What is asked for here the boot understands; asked twice it is there once. */
static void test_request(void **state)
{
	static const char *const wants[] = {
		"tpm-pin", "release=3",
		"trust=acme-1:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="};
	static const char *const odd[] = {"", "trust=Acme Systems:AA", "trust=\033[2J:AA",
					  "trust=\303\244:AA"};
	_cleanup_header_ struct header *h = make(state);
	struct crypt_device *cd;
	struct error err = {0};
	size_t found = 0;
	const char *json;

	for (size_t i = 0; i < 2 * ELEMENTSOF(wants); i++)
		assert_ok(header_request(h, wants[i / 2], true, &err), &err);
	assert_ok(header_request(h, "release=3", false, &err), &err);
	assert_ok(header_request(h, "release=4", false, &err), &err);
	assert_int_equal(crypt_init(&cd, in_directory(state, "header")), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	assert_ok(luks_shape_check(json, &err), &err);
	for (int i = 0; i < crypt_token_max(CRYPT_LUKS2); i++) {
		struct request r;

		if (crypt_token_json_get(cd, i, &json) < 0)
			continue;
		assert_int_equal(request_parse(json, &r), 0);
		assert_int_not_equal(r.kind, REQUEST_RELEASE);
		request_done(&r);
		found++;
	}
	assert_int_equal(found, 2);
	crypt_free(cd);
	/* What the boot would refuse the header for. */
	for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
		assert_int_equal(header_request(h, odd[i], true, &err), -EINVAL);
		assert_non_null(strstr(err.message, "ASCII"));
	}
}

/* The newest about something counts, and no more come than the boot reads. */
static void test_request_replaced(void **state)
{
#define KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	_cleanup_header_ struct header *h = make(state);
	struct crypt_device *cd;
	struct error err = {0};
	const char *json;

	assert_ok(header_request(h, "trust=a:" KEY, true, &err), &err);
	assert_ok(header_request(h, "distrust=b:" KEY, true, &err), &err);
	for (int i = 1; i < REQUESTS_MAX; i++) {
		_cleanup_free_ char *want = xasprintf("trust=a:%d", i);

		assert_ok(header_request(h, want, true, &err), &err);
	}
	assert_int_equal(header_request(h, "release=3", true, &err), -ENOSPC);
	assert_non_null(strstr(err.message, "8 requests at most"));
	assert_ok(header_request(h, "trust=c:1", false, &err), &err);
	assert_ok(header_request(h, "release=3", true, &err), &err);
	assert_ok(header_request(h, "release=4", true, &err), &err);
	assert_int_equal(crypt_init(&cd, in_directory(state, "header")), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	assert_null(strstr(json, "trust=a:1"));
	assert_non_null(strstr(json, "distrust=b:11q"));
	assert_null(strstr(json, "release=3"));
	assert_non_null(strstr(json, "release=4"));
	crypt_free(cd);
}

static void test_record(void **state)
{
	static const uint8_t key[RECORD_KEY_SIZE] = {1};
	_cleanup_free_ char *token = record_token(&(struct pin){0}, key);
	_cleanup_header_ struct header *h = make(state), *again = NULL;
	const char *path = in_directory(state, "header");
	struct crypt_device *cd;
	struct error err;

	assert_ok(header_request(h, "release=3", true, &err), &err);
	assert_false(header_has_record(h));
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN, token) >= 0);
	crypt_free(cd);
	assert_ok(header_open(path, &again, &err), &err);
	assert_true(header_has_record(again));
}

/* With the library's own words, which name what is missing. */
static void test_no_disk(void **state)
{
	const char *path = in_directory(state, "none");
	struct header *h = NULL;
	struct error err;

	assert_true(header_open(path, &h, &err) < 0);
	assert_null(h);
	assert_non_null(strstr(err.message, "can't be used: Device"));
	assert_non_null(strstr(err.message, "does not exist"));
	assert_null(strchr(strstr(err.message, "does not exist"), '.'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_boot, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_remove_needs_another,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_token_goes_with_slot,
						setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_authority_wrong, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_full, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_shape, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_request_replaced, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_request, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_record, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_no_disk, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_changed_slot, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_tpm, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
