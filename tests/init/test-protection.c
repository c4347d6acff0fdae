/* SPDX-License-Identifier: MIT */
/* Which state of a TPM opens a disk, is told to, or is explained to people. */
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include "test.h"
#include "base/macro.h"
#include "core/hash.h"
#include "init/owner-key.h"
#include "init/protection.h"
#include "init/tpm-job.h"

/* A machine that starts by itself, but for the failed unsealing. */
static struct protection good(void)
{
	struct protection p = {.usable = true,
			       .answered = true,
			       .same_volume = true,
			       .has_token = true,
			       .secure_boot = 1,
			       .unlock = -ENXIO};

	p.reading.state = PIN_GOOD;
	p.reading.has_pcr7 = true;
	p.reading.pin.secure_boot = true;
	return p;
}

static void test_trust(void **state)
{
	struct protection p = good();

	assert_true(protection_trusts(&p));
	p.same_volume = false;
	assert_false(protection_trusts(&p));
	for (enum pin_state s = PIN_UNAVAILABLE; s < PIN_GOOD; s++) {
		p = good();
		p.reading.state = s;
		assert_false(protection_trusts(&p));
	}
	p = good();
	p.usable = false;
	assert_false(protection_trusts(&p));
}

static void says(const struct protection *p, const char *text)
{
	const char *words = protection_words(p);

	if (!words || !strstr(words, text))
		fail_msg("\"%s\" doesn't say \"%s\"", words ? words : "", text);
}

static void test_words(void **state)
{
	struct protection p = good();

	says(&p, "boot image isn't one");
	p.unlock = -ENOENT;
	says(&p, "boot image isn't one");
	p.unlock = -ENOTRECOVERABLE;
	says(&p, "was cleared");
	/* Not asked then. */
	p.unlock = -ECANCELED;
	p.reading.state = PIN_OTHER_PCR7;
	says(&p, "firmware's keys or settings");
	p.secure_boot = 0;
	says(&p, "Secure Boot is off");
	/* A firmware that knows nothing of it. */
	p.secure_boot = -ENOENT;
	says(&p, "Secure Boot is off");
	p.same_volume = false;
	says(&p, "another disk");
	p = good();
	p.unlock = -ENOANO;
	says(&p, "a PIN");
	assert_false(protection_lacks_pin(&p));
	p.reading.pin.with_pin = true;
	assert_true(protection_lacks_pin(&p));
	p.has_pin = true;
	assert_false(protection_lacks_pin(&p));
	p.unlock = UNLOCK_LACKS_PIN;
	says(&p, "wants no PIN");
	p.unlock = -EIO;
	says(&p, "failed to open");
	p.unlock = 3;
	assert_null(protection_words(&p));
	p = good();
	p.has_token = false;
	says(&p, "no slot");
	p.same_volume = false;
	says(&p, "another disk");
	p.reading.state = PIN_SPOILT;
	says(&p, "was replaced");
	/* Never told. */
	p.reading.state = PIN_NONE;
	assert_null(protection_words(&p));
	p.has_token = true;
	says(&p, "doesn't know this disk");
	p.answered = false;
	says(&p, "no answer");
	p.usable = false;
	says(&p, "can't be used");
}

static void test_pin_word(void **state)
{
	struct protection p = good();

	assert_string_equal(protection_pin_word(&p), "good");
	p.reading.state = PIN_OTHER_PCR7;
	assert_string_equal(protection_pin_word(&p), "other-firmware");
	p.same_volume = false;
	assert_string_equal(protection_pin_word(&p), "other-volume");
	p.reading.state = PIN_SPOILT;
	assert_string_equal(protection_pin_word(&p), "spoilt");
	p.reading.state = PIN_NONE;
	assert_string_equal(protection_pin_word(&p), "none");
	p.reading.state = PIN_UNAVAILABLE;
	assert_string_equal(protection_pin_word(&p), "unavailable");
	p.reading.state = PIN_GOOD;
	p.answered = false;
	assert_string_equal(protection_pin_word(&p), "unavailable");
}

static void decides(const struct protection *p, enum opener opener, enum enrolment wanted)
{
	assert_int_equal(protection_enrolment(p, opener), wanted);
}

static void test_first_own_start(void **state)
{
	struct protection p = good();

	p.has_token = false;
	p.reading.state = PIN_NONE;
	decides(&p, OPENER_GENERIC, ENROL_YES);
	p.secure_boot = 0;
	decides(&p, OPENER_GENERIC, ENROL_NO);
	p.secure_boot = -EIO;
	decides(&p, OPENER_GENERIC, ENROL_NO);
	/* The next one, before the questions are answered: with a new slot. */
	p = good();
	decides(&p, OPENER_GENERIC, ENROL_YES);
	p.reading.state = PIN_OTHER_PCR7;
	decides(&p, OPENER_GENERIC, ENROL_YES);
	p = good();
	p.has_token = false;
	decides(&p, OPENER_GENERIC, ENROL_YES);
	/* What is kept for another disk stays. */
	p.same_volume = false;
	decides(&p, OPENER_GENERIC, ENROL_NO);
	p.reading.state = PIN_SPOILT;
	decides(&p, OPENER_GENERIC, ENROL_NO);
}

static void test_after_a_password(void **state)
{
	static const enum opener proofs[] = {OPENER_PASSWORD, OPENER_RECOVERY};

	for (size_t i = 0; i < ELEMENTSOF(proofs); i++) {
		struct protection p = good();

		decides(&p, proofs[i], ENROL_YES);
		p.reading.state = PIN_OTHER_PCR7;
		decides(&p, proofs[i], ENROL_YES);
		p.secure_boot = 0;
		decides(&p, proofs[i], ENROL_ASK_FIRMWARE);
		p.secure_boot = -ENOENT;
		decides(&p, proofs[i], ENROL_ASK_FIRMWARE);
		p.reading.pin.secure_boot = false;
		decides(&p, proofs[i], ENROL_NO);
		p = good();
		p.reading.state = PIN_SPOILT;
		decides(&p, proofs[i], ENROL_YES);
		p.reading.state = PIN_NONE;
		decides(&p, proofs[i], ENROL_YES);
		p = good();
		p.same_volume = false;
		decides(&p, proofs[i], ENROL_ASK_OTHER_DISK);
		p.answered = false;
		decides(&p, proofs[i], ENROL_NO);
		p.usable = false;
		decides(&p, proofs[i], ENROL_NO);
	}
}

/* Taken out by its owner, whatever the TPM remembers: it stays out until that one wants
 * it back. */
static void test_removed(void **state)
{
	static const enum pin_state states[] = {PIN_NONE, PIN_SPOILT, PIN_OTHER_PCR7,
						PIN_GOOD};

	for (size_t i = 0; i < ELEMENTSOF(states); i++) {
		struct protection p = good();

		p.reading.state = states[i];
		p.unlock = -ECANCELED;
		p.has_token = false;
		decides(&p, OPENER_PASSWORD, ENROL_NO);
		decides(&p, OPENER_RECOVERY, ENROL_NO);
		p.secure_boot = 0;
		decides(&p, OPENER_PASSWORD, ENROL_NO);
		p.secure_boot = 1;
		p.wants_tpm = true;
		decides(&p, OPENER_PASSWORD, ENROL_YES);
		decides(&p, OPENER_RECOVERY, ENROL_YES);
		decides(&p, OPENER_TPM, ENROL_NO);
		decides(&p, OPENER_FIDO2, ENROL_NO);
		p.left = true;
		decides(&p, OPENER_PASSWORD, ENROL_NO);
		p.left = false;
		/* Where there was a PIN, the new slot wants one, too. */
		p.has_pin = true;
		decides(&p, OPENER_PASSWORD, ENROL_YES);
		assert_true(protection_with_pin(&p));
		p.wants_tpm = p.has_pin = false;
		p.wants_pin = true;
		decides(&p, OPENER_PASSWORD, ENROL_YES);
	}
}

/* Not without a question where the TPM opens another disk, or for any system. */
static void test_wanted_back(void **state)
{
	struct protection p = good();

	p.has_token = false;
	p.wants_tpm = true;
	p.secure_boot = 0;
	decides(&p, OPENER_PASSWORD, ENROL_ASK_FIRMWARE);
	p.reading.pin.secure_boot = false;
	decides(&p, OPENER_PASSWORD, ENROL_NO);
	p = good();
	p.has_token = p.same_volume = false;
	decides(&p, OPENER_PASSWORD, ENROL_ASK_OTHER_DISK);
	/* The slot is still there, and its PIN wasn't typed. */
	p = good();
	p.has_pin = true;
	p.unlock = -ENOANO;
	decides(&p, OPENER_PASSWORD, ENROL_NO);
	p.wants_tpm = true;
	decides(&p, OPENER_PASSWORD, ENROL_YES);
}

/* No other way of opening says anything about who is there. */
static void test_no_proof(void **state)
{
	struct protection p = good();

	decides(&p, OPENER_TPM, ENROL_NO);
	decides(&p, OPENER_FIDO2, ENROL_NO);
	decides(&p, OPENER_NONE, ENROL_NO);
}

/* A PIN that wasn't typed, or was wrong, changes nothing; one that is asked for does. */
static void test_pin(void **state)
{
	struct protection p = good();

	assert_false(protection_with_pin(&p));
	p.unlock = -ENOANO;
	assert_false(protection_asks_pin(&p));
	p.has_pin = true;
	assert_true(protection_asks_pin(&p));
	p.left = true;
	assert_false(protection_asks_pin(&p));
	p.left = false;
	assert_true(protection_with_pin(&p));
	decides(&p, OPENER_PASSWORD, ENROL_NO);
	/* The firmware has changed, or the TPM was cleared: made anew, with a PIN. */
	p.unlock = -ENXIO;
	decides(&p, OPENER_PASSWORD, ENROL_YES);
	p.reading.state = PIN_NONE;
	decides(&p, OPENER_PASSWORD, ENROL_YES);
	/* Not what another disk's TPM slot wants. */
	p = good();
	p.has_pin = true;
	p.unlock = -ENOANO;
	p.same_volume = false;
	assert_false(protection_asks_pin(&p));
	/* By wish, with Secure Boot off, too, and where no TPM slot was. */
	p = good();
	p.wants_pin = true;
	p.secure_boot = 0;
	/* Never a weaker protection without a word. */
	decides(&p, OPENER_PASSWORD, ENROL_ASK_FIRMWARE);
	p.reading.pin.secure_boot = false;
	decides(&p, OPENER_PASSWORD, ENROL_YES);
	p.has_token = false;
	p.reading.state = PIN_NONE;
	decides(&p, OPENER_PASSWORD, ENROL_YES);
	assert_true(protection_with_pin(&p));
	decides(&p, OPENER_TPM, ENROL_NO);
	p.reading.state = PIN_GOOD;
	p.same_volume = false;
	decides(&p, OPENER_PASSWORD, ENROL_ASK_OTHER_DISK);
	assert_true(protection_can_tell(&p));
	p.left = true;
	assert_false(protection_can_tell(&p));
	decides(&p, OPENER_PASSWORD, ENROL_NO);
}

static void renews(const struct protection *p, enum renewal wanted)
{
	assert_int_equal(protection_renewal(p, OPENER_TPM), wanted);
	/* Nobody else's word counts here. */
	for (enum opener o = OPENER_NONE; o <= OPENER_FIDO2; o++)
		if (o != OPENER_TPM)
			assert_int_equal(protection_renewal(p, o), RENEW_NOTHING);
}

/* Only what the TPM has opened by the pin is renewed; the old slot goes last. */
static void test_renewal(void **state)
{
	struct protection p = good();

	p.own_slot = 1;
	p.older_slot = -1;
	p.unlock = 1;
	renews(&p, RENEW_NOTHING);
	/* First start of the image with both signatures. */
	p.own_slot = -1;
	p.older_slot = 1;
	p.older_pin = true;
	renews(&p, RENEW_SLOT_AND_PIN);
	p.same_volume = false;
	renews(&p, RENEW_NOTHING);
	p.same_volume = true;
	p.reading.state = PIN_SPOILT;
	renews(&p, RENEW_NOTHING);
	p.reading.state = PIN_GOOD;
	p.unlock = -ENXIO;
	renews(&p, RENEW_NOTHING);
	/* After a security key was talked to. */
	p.unlock = p.older_slot;
	p.left = true;
	renews(&p, RENEW_NOTHING);
	p.left = false;
	/* Cut before the pin was written. */
	p.own_slot = p.unlock = 3;
	renews(&p, RENEW_PIN);
	/* The next one: the new slot has opened the volume. */
	p.older_pin = false;
	p.other_slots = true;
	renews(&p, RENEW_DROP_OTHERS);
	/* Nobody vouches for the others any more. */
	p.older_slot = -1;
	renews(&p, RENEW_DROP_OTHERS);
	p.other_slots = false;
	renews(&p, RENEW_NOTHING);
	p.older_slot = 1;
	/* A new slot that doesn't open it is made again. */
	p.unlock = 1;
	renews(&p, RENEW_SLOT_AND_PIN);
	/* Another one that is bound to no key of the vendor's. */
	p.unlock = 2;
	renews(&p, RENEW_NOTHING);
}

/* Below the lowest release nothing starts without the owner. */
static void test_release(void **state)
{
	static const enum opener all[] = {OPENER_PASSWORD, OPENER_RECOVERY, OPENER_TPM,
					  OPENER_FIDO2, OPENER_NONE};
	struct pin pin = {.lowest_release = 5};

	for (size_t i = 0; i < ELEMENTSOF(all); i++) {
		assert_int_equal(protection_weigh(NULL, 0, all[i]),
				 all[i] == OPENER_FIDO2 ? RELEASE_ASK_PASSWORD
							: RELEASE_GOOD);
		assert_int_equal(protection_weigh(&pin, 5, all[i]), RELEASE_GOOD);
		assert_int_equal(protection_weigh(&pin, UINT64_MAX, all[i]),
				 RELEASE_GOOD);
		assert_int_equal(protection_weigh(&pin, 4, all[i]),
				 i < 2 ? RELEASE_ASK_YES : RELEASE_ASK_PASSWORD);
	}
	pin.lowest_release = UINT64_MAX;
	assert_int_equal(protection_weigh(&pin, UINT64_MAX - 1, OPENER_TPM),
			 RELEASE_ASK_PASSWORD);
}

static void remembers(const struct protection *p, const struct keeping *m,
		      enum rememberer who, const struct pin *what)
{
	const struct pin *pin;

	assert_int_equal(protection_remembers(p, m, &pin), who);
	assert_ptr_equal(pin, what);
}

/* Nobody is said to know what only somebody else does. */
static void test_remembers(void **state)
{
	struct protection p = {
		.usable = true,
		.answered = true,
		.same_volume = true,
		.reading = {.state = PIN_GOOD},
	};
	struct pin old = {.lowest_release = 4}, pin = {.lowest_release = 5};
	struct keeping m = {.old = &old, .pin = &pin};

	m.known = true;
	remembers(&p, &m, REMEMBERED_BY_TPM, &old);
	/* A grant that the TPM refused. */
	m.kept = true;
	remembers(&p, &m, REMEMBERED_BY_HEADER, &pin);
	m.told = true;
	remembers(&p, &m, REMEMBERED_BY_TPM, &pin);
	m.kept = false;
	remembers(&p, &m, REMEMBERED_BY_TPM, &pin);
	/* A password was typed, and nothing granted. */
	m = (struct keeping){.known = true, .kept = true, .old = &old, .pin = &pin};
	pin = old;
	remembers(&p, &m, REMEMBERED_BY_TPM, &pin);
	/* No TPM answers. */
	p.answered = false;
	remembers(&p, &m, REMEMBERED_BY_HEADER, &pin);
	m.kept = false;
	remembers(&p, &m, REMEMBERED_BY_HEADER, &old);
	m.known = false;
	remembers(&p, &m, REMEMBERED_BY_NOBODY, &old);
	m.kept = true;
	remembers(&p, &m, REMEMBERED_BY_HEADER, &pin);
}

static void answer(void *context)
{
	*(int *)context += 1;
}

static void die(void *context)
{
	_exit(3);
}

static void sleep_long(void *context)
{
	poll(NULL, 0, 60000);
}

static void test_job(void **state)
{
	struct tpm_job job;
	int value = 41;

	assert_int_equal(tpm_job_start(&job, answer, &value, sizeof(value), NULL), 0);
	assert_int_equal(tpm_job_wait(&job, 20000, &value), 1);
	assert_int_equal(value, 42);
	assert_int_equal(tpm_job_start(&job, die, &value, sizeof(value), NULL), 0);
	assert_int_equal(tpm_job_wait(&job, 20000, &value), -EPIPE);
	assert_int_equal(tpm_job_start(&job, sleep_long, &value, sizeof(value), NULL), 0);
	assert_int_equal(tpm_job_wait(&job, 20, &value), 0);
	tpm_job_end(&job);
	assert_int_equal(job.fd, -EBADF);
	tpm_job_end(&job);
}

static void test_owner_key(void **state)
{
	char directory[] = "/tmp/atomos-owner-XXXXXX";
	_cleanup_free_ char *secret = NULL, *public = NULL, *path = NULL;
	_cleanup_trusted_keys_ struct trusted_keys keys = {0};
	uint8_t hash[32], expected[32];
	struct stat st;
	size_t size;
	int fd;

	assert_non_null(mkdtemp(directory));
	assert_int_equal(owner_key_make(directory, hash, NULL), 0);
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	assert_int_equal(read_file_at(fd, "secret-key", 4096, &secret, NULL), 0);
	assert_int_equal(read_file_at(fd, "public-key", 4096, &public, &size), 0);
	assert_int_equal(fstatat(fd, "secret-key", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(trusted_keys_parse(public, size, &keys, NULL), 0);
	sha256_buffer(keys.keys[0].bytes, PUBLIC_KEY_SIZE, expected);
	assert_memory_equal(hash, expected, 32);
	/* Nix: name, then seed and public key. */
	assert_memory_equal(secret, public, strlen(keys.keys[0].name) + 1);
	assert_int_equal(strlen(strchr(secret, ':') + 1), 88 + 1);
	close(fd);
	(void)remove_tree_at(AT_FDCWD, directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_pin_word),
		cmocka_unit_test(test_first_own_start),
		cmocka_unit_test(test_after_a_password),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_wanted_back),
		cmocka_unit_test(test_no_proof),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_owner_key),
	};

	return cmocka_run_group_tests_name("protection", tests, NULL, NULL);
}
