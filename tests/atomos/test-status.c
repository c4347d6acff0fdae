/* SPDX-License-Identifier: MIT */
/* What `atomos status` says of machines that are well, or aren't. */
#include <string.h>

#include "atomos/status.h"
#include "base/macro.h"
#include "base/str.h"
#include "fixture.h"

static char *const none[] = {NULL};

static char *own_keys[] = {(char *)"owner-21fe31df", NULL};

static struct boot_facts owned(void)
{
	return (struct boot_facts){
		.remembered = (char *)"tpm",
		.lowest_release = 4,
		.owner_keys = own_keys,
		.missing_keys = (char **)none,
		.refused_keys = (char **)none,
		.product = (char *)"demo",
		.key = (char *)"demo-1",
		.tpm = (char *)"present",
		.secure_boot = (char *)"on",
		.opened_by = (char *)"tpm",
		.pin = (char *)"good",
		.installed = true,
		.owned = true,
		.home_mounted = true,
		.recorded = true,
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
		.boot = b,
		.slots = slots,
		.firmware_keys = none,
		.differing = none,
		.open_homes = none,
		.record = true,
		.secret = OWNER_SECRET_SEALED,
	};

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

/* Says of homes only what was looked at. */
static void test_homes(void **state _unused_)
{
	struct boot_facts b = owned();
	char *open[] = {(char *)"bob", (char *)"eve (its record doesn't tell)", NULL};
	struct status_facts f = {
		.boot = &b, .slots = &good, .firmware_keys = none, .open_homes = open};
	_cleanup_status_ struct status all, some, unseen;

	find(&b, &good, &all);
	check(&all, "homes", STATUS_GREEN, "each encrypted with its user's password");
	status_find(&f, &some);
	check(&some, "homes", STATUS_YELLOW,
	      "the home of bob, eve (its record doesn't tell)");
	f.open_homes = NULL;
	status_find(&f, &unseen);
	check(&unseen, "homes", STATUS_GREEN, "only root may see");
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
	check(&s, "release", STATUS_GREEN,
	      "below release 4 nothing starts without a password; known to the TPM and "
	      "the disk's header");
	check(&s, "owner-keys", STATUS_GREEN,
	      "signed by owner-21fe31df start here, too; known to the TPM and the "
	      "disk's header; this machine's private key is on the disk, sealed");
}

/* What atomos-init of a real machine wrote at the start after its first one. */
static void test_real(void **state _unused_)
{
	static const char text[] =
		"{\"version\":1,\"product\":\"atomos-demo\",\"release\":1,\"system\":"
		"\"86hjdchhsr36xswz9n8v93v5rqnxjc2m-atomos-system-atomos-demo-1\","
		"\"generation\":1,\"key\":\"vendor-befdcf42\",\"paths\":232,"
		"\"bytes\":449991640,\"seconds\":1.050247685879999974985e+02,"
		"\"bytesRead\":293901312,\"medium\":false,\"partition\":\"vda3\","
		"\"publicPassword\":false,\"tpm\":\"present\",\"secureBoot\":\"on\","
		"\"installed\":true,\"owned\":true,\"openedBy\":\"tpm\",\"slot\":1,"
		"\"disk\":\"vda\",\"pin\":\"good\",\"enrolled\":false,"
		"\"homeMounted\":true,\"remembered\":\"tpm\",\"lowestRelease\":1,"
		"\"ownerKeys\":[{\"sha256\":"
		"\"21fe31dfa154a261626bf854046fd2271b7bed4b6abe45"
		"aa58877ef47f9721b9\",\"name\":\"owner-21fe31df\"}],\"refusedKeys\":[]}";
	_cleanup_boot_facts_ struct boot_facts b;
	_cleanup_status_ struct status s;
	struct error err;

	assert_int_equal(boot_facts_parse(text, &b, &err), 0);
	find(&b, &good, &s);
	assert_int_equal(status_level(&s), STATUS_GREEN);
	check(&s, "system", STATUS_GREEN,
	      "atomos-demo, release 1, generation 1: 232 paths (449 MB) were verified "
	      "at this start, in 105.0 s, signed by vendor-befdcf42");
	check(&s, "hibernation", STATUS_GREEN, "lockdown; suspend is");
}

/* Where no TPM remembers, and where nothing does. */
static void test_remembered(void **state _unused_)
{
	struct boot_facts b = owned();
	struct status_facts f = {.boot = &b,
				 .slots = &good,
				 .firmware_keys = none,
				 .differing = none,
				 .record = true};
	struct status s;

	b.remembered = (char *)"header";
	status_find(&f, &s);
	check(&s, "release", STATUS_YELLOW,
	      "known to the disk's header, which who has the disk can put back");
	check(&s, "owner-keys", STATUS_GREEN,
	      "known to the disk's header; where the private key is, only root may see");
	status_done(&s);
	b.remembered = (char *)"tpm";
	b.recorded = false;
	status_find(&f, &s);
	check(&s, "release", STATUS_GREEN,
	      "known to the TPM (the disk's header has a record, too)");
	status_done(&s);
	/* Gone since the start, which people without root's rights don't see. */
	f.record = false;
	b.recorded = true;
	status_find(&f, &s);
	check(&s, "owner-keys", STATUS_GREEN, "too; known to the TPM; where");
	status_done(&s);
	f.slots = NULL;
	status_find(&f, &s);
	check(&s, "owner-keys", STATUS_GREEN, "known to the TPM and the disk's header;");
	status_done(&s);
	b.remembered = (char *)"";
	b.owner_keys = (char **)none;
	status_find(&f, &s);
	check(&s, "release", STATUS_YELLOW, "an older system");
	check(&s, "owner-keys", STATUS_GREEN, "only the vendor's");
	status_done(&s);
}

static void test_keys(void **state _unused_)
{
	static char *strangers[] = {(char *)"mallory-1", (char *)"eve-1", NULL};
	static char *hashes[] = {(char *)"a key of SHA-256 ab12", NULL};
	struct boot_facts b = owned();
	const struct status_facts f = {.boot = &b,
				       .slots = &good,
				       .firmware_keys = none,
				       .differing = none,
				       .secret = OWNER_SECRET_CLEAR};
	struct status s;

	b.refused_keys = strangers;
	status_find(&f, &s);
	check(&s, "owner-keys", STATUS_YELLOW, "root can sign a system");
	check(&s, "refused-keys", STATUS_YELLOW, "mallory-1, eve-1: on the disk");
	status_done(&s);
	/* As after a first start. */
	b.missing_keys = hashes;
	b.owner_keys = b.refused_keys = (char **)none;
	status_find(&f, &s);
	check(&s, "owner-keys", STATUS_YELLOW,
	      "only the vendor's systems start here; this machine's private key lies "
	      "open");
	check(&s, "missing-keys", STATUS_GREEN,
	      "a key of SHA-256 ab12: known to the TPM, but the key's file wasn't");
	status_done(&s);
}

/* Passwords that go on opening the disk; what nobody could look at isn't said. */
static void test_slot_users(void **state _unused_)
{
	struct boot_facts b = owned();
	struct status_facts f = {.boot = &b, .slots = &good, .firmware_keys = none};
	struct status s;

	f.users[2] = SLOT_USER_PLAIN;
	status_find(&f, &s);
	check(&s, "slot", STATUS_YELLOW,
	      "slot 2 opens the disk with the password of ada, who is no administrator: "
	      "unless you want it so, run 'sudo atomos enroll remove 2'");
	status_done(&s);
	f.users[2] = SLOT_USER_GONE;
	status_find(&f, &s);
	check(&s, "slot", STATUS_YELLOW,
	      "ada, who has no account any more, run 'sudo atomos enroll remove 2'");
	status_done(&s);
	f.slots = NULL;
	status_find(&f, &s);
	for (size_t i = 0; i < s.count; i++)
		assert_string_not_equal(s.lines[i].name, "slot");
	status_done(&s);
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

/* No start makes a slot for the TPM by itself where there was one: the command is named.
 */
static void test_no_tpm_slot(void **state _unused_)
{
	const struct slots without = {
		.list = {{1, SLOT_RECOVERY, ""}, {2, SLOT_PASSWORD, "ada"}}, .count = 2};
	struct boot_facts b = owned();
	struct status s;

	b.opened_by = (char *)"password";
	b.tpm_says = (char *)"The disk has no slot for the TPM any more";
	find(&b, &without, &s);
	check(&s, "tpm", STATUS_YELLOW, "any more; 'sudo atomos enroll tpm' has it");
	status_done(&s);
	b.tpm_says = NULL;
	find(&b, &without, &s);
	check(&s, "tpm", STATUS_YELLOW, "'sudo atomos enroll tpm' has it");
	status_done(&s);
	b.secure_boot = (char *)"off";
	find(&b, &without, &s);
	check(&s, "tpm", STATUS_YELLOW, "'sudo atomos enroll tpm --pin' has it");
	status_done(&s);
	/* It isn't missing. */
	find(&b, &good, &s);
	for (size_t i = 0; i < s.count; i++)
		assert_null(strstr(s.lines[i].words, "enroll tpm"));
	status_done(&s);
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
	struct status_facts known = f;
	_cleanup_status_ struct status s;

	/* What everybody knows isn't to be mended. */
	known.public = ada;
	status_find(&known, &s);
	check(&s, "password", STATUS_RED,
	      "everybody knows: choose another with 'sudo atomos passwd ada'");
	status_done(&s);
	status_find(&f, &s);
	check(&s, "password", STATUS_YELLOW, "sudo atomos passwd --mend ada");
	check(&s, "last-failure", STATUS_YELLOW, "can't be read");
	check(&s, "secure-boot", STATUS_GREEN, "keys of ada");
}

/* Of this power-on, or else of the last one that left a word in the firmware. */
static void test_failure(void **state _unused_)
{
	struct boot_facts b = owned();
	struct status_facts f = {.boot = &b, .slots = &good, .firmware_keys = none};
	struct status s;

	b.earlier_failure = (char *)"copy: no";
	status_find(&f, &s);
	check(&s, "last-failure", STATUS_YELLOW, "in an earlier start, by a note in the");
	check(&s, "last-failure", STATUS_YELLOW, "write): copy: no");
	status_done(&s);
	f.failure = "find: no disk";
	status_find(&f, &s);
	check(&s, "last-failure", STATUS_YELLOW, "find: no disk");
	for (size_t i = 0; i < s.count; i++)
		assert_null(strstr(s.lines[i].words, "copy: no"));
	status_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),	       cmocka_unit_test(test_homes),
		cmocka_unit_test(test_no_secure_boot), cmocka_unit_test(test_spoilt),
		cmocka_unit_test(test_no_owner),       cmocka_unit_test(test_medium),
		cmocka_unit_test(test_slots),	       cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_no_tpm_slot),    cmocka_unit_test(test_real),
		cmocka_unit_test(test_slot_users),     cmocka_unit_test(test_failure),
		cmocka_unit_test(test_remembered),     cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
