/* SPDX-License-Identifier: MIT */
/* What a security key's slot wants, and what its answer leads to. A key itself is in
 * tests/vm/test_security_key.py. */
#include "test.h"
#include "base/macro.h"
#include "init/security-key.h"

static void test_slots(void **state)
{
	static const struct {
		const char *json;
		enum key_slot slot;
	} cases[] = {
		{"{\"type\":\"systemd-fido2\",\"fido2-clientPin-required\":true}",
		 KEY_SLOT_PIN},
		{"{\"type\":\"systemd-fido2\",\"fido2-clientPin-required\":false}",
		 KEY_SLOT_TOUCH},
		/* As systemd 248 wrote them: a PIN if the key wants one. */
		{"{\"type\":\"systemd-fido2\"}", KEY_SLOT_TOUCH},
		{"{\"type\":\"systemd-tpm2\",\"fido2-clientPin-required\":true}",
		 KEY_SLOT_NONE},
		{"{}", KEY_SLOT_NONE},
		{"no token", KEY_SLOT_NONE},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_int_equal(security_key_slot(cases[i].json), cases[i].slot);
}

static void test_answers(void **state)
{
	static const int refusals[] = {-EAGAIN, -ENODEV, -EIO, -EPERM, -ETIMEDOUT};

	assert_int_equal(security_key_answer(0, false), KEY_OPENED);
	assert_int_equal(security_key_answer(3, true), KEY_OPENED);
	assert_int_equal(security_key_answer(-ENOANO, false), KEY_WANTS_PIN);
	/* Asked for once, not for ever: a key locks itself after a few wrong ones. */
	assert_int_equal(security_key_answer(-ENOANO, true), KEY_REFUSED);
	for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
		assert_int_equal(security_key_answer(refusals[i], false), KEY_REFUSED);
		assert_int_equal(security_key_answer(refusals[i], true), KEY_REFUSED);
	}
}

static void test_words(void **state)
{
	assert_non_null(strstr(security_key_words(-EAGAIN, false), "no security key"));
	assert_non_null(strstr(security_key_words(-ENOANO, true), "PIN"));
	assert_non_null(strstr(security_key_words(-ENOANO, false), "without its PIN"));
	assert_null(strstr(security_key_words(-EPERM, false), "PIN"));
	assert_null(strstr(security_key_words(-EPERM, true), "PIN"));
	assert_non_null(strstr(security_key_words(-ETIMEDOUT, true), "in time"));
	assert_non_null(strstr(security_key_words(-EOWNERDEAD, true), "pull it out"));
	/* Emulated keys and hardware say for this what the plugin doesn't tell apart. */
	assert_non_null(strstr(security_key_words(-EIO, false), "wasn't touched"));
	assert_null(strstr(security_key_words(-EIO, false), "PIN"));
	assert_non_null(strstr(security_key_words(-EIO, true), "no PIN any more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("security-key", tests, NULL, NULL);
}
