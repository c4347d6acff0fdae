/* SPDX-License-Identifier: MIT */
/* What `atomos status` says of machines that are well, or aren't. */
#include <string.h>

#include "atomos/status.h"
#include "base/macro.h"
#include "base/str.h"
#include "fixture.h"

static char *const none[] = {NULL};

static struct boot_facts owned(void)
{
	return (struct boot_facts){
		.product = (char *)"demo",
		.key = (char *)"demo-1",
		.tpm = (char *)"present",
		.secure_boot = (char *)"on",
		.opened_by = (char *)"tpm",
		.pin = (char *)"good",
		.installed = true,
		.owned = true,
		.home_mounted = true,
	};
}

static const struct slots good = {
	.list = {{0, SLOT_TPM, ""}, {1, SLOT_RECOVERY, ""}, {2, SLOT_PASSWORD, "ada"}},
	.count = 3,
};

static void find(const struct boot_facts *b, const struct slots *slots,
		 struct status *ret)
{
	const struct status_facts f = {
		.boot = b, .slots = slots, .firmware_keys = none, .differing = none};

	status_find(&f, ret);
}

/* The line of this name is on this level and has these words. */
static void check(const struct status *s, const char *name, enum status_level level,
		  const char *words)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->lines[i].name, name)) {
			assert_int_equal(s->lines[i].level, level);
			assert_non_null(strstr(s->lines[i].words, words));
			return;
		}
	assert_string_equal("", name);
}

static void test_well(void **state _unused_)
{
	struct boot_facts b = owned();
	_cleanup_status_ struct status s;

	find(&b, &good, &s);
	assert_int_equal(status_level(&s), STATUS_GREEN);
	check(&s, "disk", STATUS_GREEN,
	      "the TPM of this machine, the recovery key, the password of ada");
	check(&s, "tpm", STATUS_GREEN, "nothing has changed");
}

static void test_no_secure_boot(void **state _unused_)
{
	struct boot_facts b = owned();
	_cleanup_status_ struct status s;

	b.secure_boot = (char *)"off";
	b.opened_by = (char *)"password";
	b.tpm_says = (char *)"Secure Boot is off";
	find(&b, &good, &s);
	check(&s, "secure-boot", STATUS_RED, "off");
	check(&s, "tpm", STATUS_YELLOW, "Secure Boot is off");
	assert_int_equal(status_level(&s), STATUS_RED);
}

static void test_spoilt(void **state _unused_)
{
	struct boot_facts b = owned();
	_cleanup_status_ struct status s;

	b.pin = (char *)"spoilt";
	find(&b, &good, &s);
	check(&s, "pin", STATUS_RED, "replaced");
	status_done(&s);
	b.pin = (char *)"other-firmware";
	find(&b, &good, &s);
	check(&s, "pin", STATUS_YELLOW, "firmware's keys");
}

static void test_no_owner(void **state _unused_)
{
	struct boot_facts b = owned();
	_cleanup_status_ struct status s;

	b.owned = false;
	find(&b, &good, &s);
	check(&s, "disk", STATUS_RED, "no owner");
}

static void test_medium(void **state _unused_)
{
	struct boot_facts b = owned();
	_cleanup_status_ struct status s;

	b.medium = true;
	b.owned = b.installed = false;
	find(&b, NULL, &s);
	check(&s, "disk", STATUS_YELLOW, "medium");
	for (size_t i = 0; i < s.count; i++)
		assert_string_not_equal(s.lines[i].name, "pin");
}

static void test_slots(void **state _unused_)
{
	const struct slots strange = {
		.list = {{0, SLOT_RECOVERY, ""}, {1, SLOT_OTHER, ""}}, .count = 2};
	const struct slots short_of = {.list = {{0, SLOT_PASSWORD, "ada"}}, .count = 1};
	struct boot_facts b = owned();
	struct status s;

	find(&b, &strange, &s);
	check(&s, "disk", STATUS_YELLOW, "doesn't know of");
	status_done(&s);
	find(&b, &short_of, &s);
	check(&s, "disk", STATUS_YELLOW, "without a recovery key");
	status_done(&s);
}

static void test_accounts(void **state _unused_)
{
	static char *const ada[] = {(char *)"ada", NULL};
	struct boot_facts b = owned();
	const struct status_facts f = {.boot = &b,
				       .slots = &good,
				       .firmware_keys = ada,
				       .differing = ada,
				       .failure = "copy: the disk can't be read"};
	_cleanup_status_ struct status s;

	status_find(&f, &s);
	check(&s, "password", STATUS_YELLOW, "sudo atomos passwd --mend ada");
	check(&s, "last-failure", STATUS_YELLOW, "can't be read");
	check(&s, "secure-boot", STATUS_GREEN, "keys of ada");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),	 cmocka_unit_test(test_no_secure_boot),
		cmocka_unit_test(test_spoilt),	 cmocka_unit_test(test_no_owner),
		cmocka_unit_test(test_medium),	 cmocka_unit_test(test_slots),
		cmocka_unit_test(test_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
