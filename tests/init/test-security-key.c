/* SPDX-License-Identifier: MIT */
/* What a security key's answer leads to. There is no such key in software here. */
#include "test.h"
#include "base/macro.h"
#include "init/security-key.h"

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
	assert_null(strstr(security_key_words(-EPERM, false), "PIN"));
	assert_non_null(strstr(security_key_words(-ETIMEDOUT, true), "in time"));
	assert_non_null(strstr(security_key_words(-EIO, true), "failed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("security-key", tests, NULL, NULL);
}
