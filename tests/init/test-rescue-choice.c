/* SPDX-License-Identifier: MIT */
/* What may be typed at the rescue prompt. */
#include "test.h"
#include "init/rescue.h"

static void test_choices(void **state)
{
	assert_int_equal(rescue_parse("t", OFFER_RETRY), RESCUE_RETRY);
	assert_int_equal(rescue_parse("T", OFFER_RETRY), RESCUE_RETRY);
	assert_int_equal(rescue_parse("1", OFFER_RETRY), RESCUE_RETRY);
	assert_int_equal(rescue_parse("m", OFFER_RETRY), RESCUE_MESSAGES);
	assert_int_equal(rescue_parse("r", OFFER_RETRY), RESCUE_RESTART);
	assert_int_equal(rescue_parse("p", OFFER_RETRY), RESCUE_POWER_OFF);
	assert_int_equal(rescue_parse("4", OFFER_RETRY), RESCUE_POWER_OFF);
	assert_int_equal(rescue_parse("", OFFER_SHELL), RESCUE_NONE);
	assert_int_equal(rescue_parse("x", OFFER_SHELL), RESCUE_NONE);
	assert_int_equal(rescue_parse("power", OFFER_SHELL), RESCUE_NONE);
}

static void test_shell_only_without_secret(void **state)
{
	assert_int_equal(rescue_parse("s", OFFER_SHELL), RESCUE_SHELL);
	assert_int_equal(rescue_parse("s", OFFER_RETRY), RESCUE_NONE);
	assert_int_equal(rescue_parse("5", OFFER_RETRY), RESCUE_NONE);
}

/* When the TPM can't be taken out of use nothing may go on. */
static void test_only_the_end(void **state)
{
	static const char *const refused[] = {"t", "1", "m", "2", "s", "5", "", "x"};

	assert_int_equal(rescue_parse("r", OFFER_END), RESCUE_RESTART);
	assert_int_equal(rescue_parse("4", OFFER_END), RESCUE_POWER_OFF);
	for (size_t i = 0; i < ELEMENTSOF(refused); i++)
		assert_int_equal(rescue_parse(refused[i], OFFER_END), RESCUE_NONE);
}

/* Each question names the letters that are taken, and no other. */
static void test_questions(void **state)
{
	for (enum rescue_offer o = OFFER_END; o <= OFFER_SHELL; o++)
		for (const char *letter = "tmrps"; *letter; letter++) {
			const char typed[] = {*letter, 0},
				   shown[] = {'[', *letter, ']', 0};

			assert_int_equal(strstr(rescue_question(o), shown) != NULL,
					 rescue_parse(typed, o) != RESCUE_NONE);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_shell_only_without_secret),
		cmocka_unit_test(test_only_the_end),
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests_name("rescue-choice", tests, NULL, NULL);
}
