/* SPDX-License-Identifier: MIT */
/* A TPM that doesn't confirm is taken out of use, and when that fails nothing goes on.
 * None of these touches the TPM of the machine that runs them. */
#include "test.h"
#include "init/tpm.h"

static int refuse(void *context, struct error *err)
{
	return fail(err, -EIO, "it doesn't let go");
}

static bool never(void)
{
	return false;
}

static bool always(void)
{
	return true;
}

static void note(void *context, const char *sentence)
{
	snprintf(context, 500, "%s", sentence);
}

static void test_stuck(void **state)
{
	const struct tpm_removal removal = {refuse, never, 1};
	enum tpm_state at = TPM_ENTERING;
	char said[500] = "";
	const struct tpm t = {&at, note, NULL, said, &removal};
	struct error err = {0};

	assert_int_equal(tpm_leave(&t, &err), -EIO);
	assert_int_equal(at, TPM_STUCK);
	assert_string_equal(said, "");
	assert_says(&err, "didn't confirm the start phase (the start was interrupted)");
	assert_says(&err,
		    "can't be taken out of use: switch the machine off and on again");
	assert_says(&err, "disable the TPM in the firmware's settings");
	/* It stays so, whoever asks again. */
	err = (struct error){0};
	assert_int_equal(tpm_leave(&t, &err), -EIO);
	assert_int_equal(at, TPM_STUCK);
	assert_says(&err, "can't be taken out of use");
}

static void test_taken_away(void **state)
{
	/* The kernel may report an error and yet have let go. */
	const struct tpm_removal removal = {refuse, always, 1};
	enum tpm_state at = TPM_LEAVING;
	char said[500] = "";
	const struct tpm t = {&at, note, NULL, said, &removal};
	struct error err = {0};

	assert_int_equal(tpm_leave(&t, &err), 0);
	assert_int_equal(at, TPM_UNBOUND);
	assert_non_null(strstr(said, "it isn't used until the next start"));
	said[0] = 0;
	assert_int_equal(tpm_leave(&t, &err), 0);
	assert_string_equal(said, "");
}

static void test_done_already(void **state)
{
	static const enum tpm_state done[] = {TPM_LEFT, TPM_ABSENT, TPM_UNBOUND};
	struct error err = {0};

	for (size_t i = 0; i < ELEMENTSOF(done); i++) {
		enum tpm_state at = done[i];
		const struct tpm t = {&at, note, NULL, NULL, NULL};

		assert_int_equal(tpm_leave(&t, &err), 0);
		assert_int_equal(at, done[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_taken_away),
		cmocka_unit_test(test_done_already),
	};

	return cmocka_run_group_tests_name("tpm", tests, NULL, NULL);
}
