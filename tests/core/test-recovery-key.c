/* SPDX-License-Identifier: MIT */
/* Recovery keys: their form, and what is forgiven when one is typed. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "core/recovery-key.h"

static void test_form(void **state _unused_)
{
	_cleanup_secret_ struct secret *a = NULL, *b = NULL;
	struct error err;

	assert_int_equal(recovery_key_make(&a, &err), 0);
	assert_int_equal(recovery_key_make(&b, &err), 0);
	assert_int_equal(a->size, RECOVERY_LENGTH);
	assert_int_equal(a->size, 71);
	assert_string_not_equal(a->data, b->data);
	assert_int_equal(strspn(a->data, "cbdefghijklnrtuv-"), a->size);
	for (size_t i = 0; i < a->size; i++)
		assert_int_equal(a->data[i] == '-', i % 9 == 8);
}

static void test_forgiving(void **state _unused_)
{
	_cleanup_secret_ struct secret *key = NULL, *other = secret_new();
	struct error err;

	assert_int_equal(recovery_key_make(&key, &err), 0);
	for (size_t i = 0; i < key->size; i++)
		other->data[other->size++] =
			key->data[i] == '-' ? ' ' : (char)(key->data[i] - 'a' + 'A');
	assert_int_equal(recovery_key_normalise(other), 0);
	assert_string_equal(other->data, key->data);
	other->size--;
	assert_int_equal(recovery_key_normalise(other), -EINVAL);
}

static void test_others(void **state _unused_)
{
	static const char *const bad[] = {"", "password", "cccccccc-cccccccc",
					  "zzzzzzzz-cccccccc-cccccccc-cccccccc-cccccccc-"
					  "cccccccc-cccccccc-cccccccc"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		_cleanup_secret_ struct secret *s = secret_of(bad[i]);

		assert_int_equal(recovery_key_normalise(s), -EINVAL);
		assert_int_equal(s->size, strlen(bad[i]));
	}
}

static void test_group(void **state _unused_)
{
	_cleanup_secret_ struct secret *key = secret_of(
		"cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-"
		"iiiiiiii");
	_cleanup_secret_ struct secret *good = secret_of("BBBB bbbb"),
				       *bad = secret_of("bbbbbbb");

	assert_true(recovery_key_group_is(key, 1, good));
	assert_false(recovery_key_group_is(key, 0, good));
	assert_false(recovery_key_group_is(key, 1, bad));
	assert_false(recovery_key_group_is(key, 8, good));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_forgiving),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
