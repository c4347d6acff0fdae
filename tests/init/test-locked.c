/* SPDX-License-Identifier: MIT */
/* A TPM (software) that wrong PINs have locked. */
#include "test.h"
#include "told.h"
#include "init/unlock.h"

/* Until the TPM takes no PIN for an hour. */
static void set_max_tries(const char *option)
{
	assert_int_equal(RUN("tpm2_dictionarylockout", "--setup-parameters", option,
			     "--recovery-time=3600", "--lockout-recovery-time=3600"),
			 0);
}

static bool password_opens(const struct fixture *f, const char *text)
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *typed = secret_of(text);
	struct error err = {0};

	if (volume_open_header(f->volume, NULL, &v, &err) < 0)
		fail_msg("%s", err.message);
	return volume_unlock_typed(v, typed, true, &err) >= 0;
}

/* Locked by so many wrong ones as this TPM bears: the right PIN is refused as well, the
 * owner is told why, and the password opens; nothing is told anew, so that the PIN opens
 * again when the TPM takes one. */
static void test_locked(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	_cleanup_secret_ struct secret *password = secret_of("atomos"),
				       *pin = secret_of("2468");
	struct protection p;

	set_max_tries("--max-tries=2");
	tell(f, &f->old,
	     (struct enrol){.password = password, .tpm_pin = pin, .slot = true});
	slots_of(f, &slots);
	/* As long as it isn't locked, a right one takes back what a wrong one cost. */
	assert_int_equal(unlocks(f, &f->old, -1, "1357"), -ENOTRECOVERABLE);
	assert_int_equal(unlocks(f, &f->old, -1, "2468"), slots.list[0].slot);
	for (int i = 0; i < 2; i++)
		assert_int_equal(unlocks(f, &f->old, -1, "1357"), -ENOTRECOVERABLE);
	assert_int_equal(unlocks(f, &f->old, -1, "2468"), -ENOTRECOVERABLE);
	assert_non_null(strstr(protection_pin_refusal(-ENOTRECOVERABLE),
			       "takes none for a while after too many wrong ones"));
	/* A restart of the machine doesn't lift it. */
	swtpm_restart(&f->tpm);
	swtpm_extend("enter-initrd");
	assert_int_equal(unlocks(f, &f->old, -1, "2468"), -ENOTRECOVERABLE);
	/* What the boot does with that: asks for the PIN, then for a password. */
	p = protection_of(f, &f->old);
	p.has_pin = true;
	p.unlock = unlocks(f, &f->old, -1, NULL);
	assert_int_equal(p.unlock, -ENOANO);
	assert_true(protection_asks_pin(&p));
	assert_true(password_opens(f, "atomos"));
	assert_int_equal(protection_enrolment(&p, OPENER_PASSWORD), ENROL_NO);
	assert_int_equal(RUN("tpm2_dictionarylockout", "--clear-lockout"), 0);
	assert_int_equal(unlocks(f, &f->old, -1, "2468"), slots.list[0].slot);
}

/* What wrong tries at another slot's PIN have locked opens a slot without one. */
static void test_locked_without_pin(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	_cleanup_secret_ struct secret *password = secret_of("atomos"),
				       *pin = secret_of("2468");
	const struct tpm_slot *without, *with;

	set_max_tries("--max-tries=2");
	tell_first(f, &f->old);
	tell(f, &f->both,
	     (struct enrol){.password = password, .tpm_pin = pin, .slot = true});
	slots_of(f, &slots);
	without = tpm_slots_own(&slots, f->old.fingerprint);
	with = tpm_slots_own(&slots, f->both.fingerprint);
	assert_true(with->pin && !without->pin);
	for (int i = 0; i < 2; i++)
		assert_int_equal(unlocks(f, &f->both, with->token, "1357"),
				 -ENOTRECOVERABLE);
	assert_int_equal(unlocks(f, &f->both, with->token, "2468"), -ENOTRECOVERABLE);
	assert_int_equal(unlocks(f, &f->old, without->token, NULL), without->slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOLD_TEST(test_locked),
		TOLD_TEST(test_locked_without_pin),
	};

	return cmocka_run_group_tests_name("locked", tests, NULL, NULL);
}
