/* SPDX-License-Identifier: MIT */
/* Which passwords are called easy to guess; with cracklib's dictionary, as in a system.
 */
#include <string.h>

#include "fixture.h"
#include "owner/quality.h"

static int judge(const char *text, const char *user, char *words)
{
	_cleanup_secret_ struct secret *password = secret_of(text);

	return quality_judge(password, user, words);
}

static void test_weak(void **state _unused_)
{
	static const char *const weak[] = {"password",	 "password1",	  "12345678",
					   "qwertyuiop", "dragon12",	  "iloveyou",
					   "kettle",	 "aaaaaaaa",	  "",
					   "wilhelmina", "Wilhelmina1985"};
	char words[QUALITY_WORDS_MAX];

	for (size_t i = 0; i < ELEMENTSOF(weak); i++) {
		words[0] = 0;
		if (judge(weak[i], "wilhelmina", words) >= 0)
			fail_msg("'%s' counts as %s", weak[i], words);
		assert_true(words[0] >= 'a' && words[0] <= 'z');
	}
}

static void test_words(void **state _unused_)
{
	char words[QUALITY_WORDS_MAX];

	assert_true(judge("password1", NULL, words) < 0);
	assert_non_null(strstr(words, "based on a dictionary word"));
	/* In no dictionary, and long enough for the library. */
	assert_true(judge("zvqmtkwp", NULL, words) < 0);
	assert_non_null(strstr(words, "short or too uniform"));
	assert_int_equal(judge("seven unlikely lamps", "anna", words), 100);
	assert_string_equal(words, "very good (100 of 100)");
}

static void test_good(void **state _unused_)
{
	static const char *const good[] = {"seven unlikely lamps",
					   "four green kettles hum",
					   "correcthorsebatterystaple", "r7Kp2xQ9"};
	char words[QUALITY_WORDS_MAX];

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		if (judge(good[i], "anna", words) < 0)
			fail_msg("'%s': %s", good[i], words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
