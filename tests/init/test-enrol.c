/* SPDX-License-Identifier: MIT */
/* A TPM (software) is told to open a volume, and the vendor's PCR key is renewed: with
 * systemd-cryptenroll and systemd's token plugin as they are. */
#include "test.h"
#include "told.h"
#include "image/luks.h"
#include "init/unlock.h"

static int drop_one(const struct fixture *f, int slot, struct error *err)
{
	return enrol_drop(f->volume, (struct enrol_wipe){WIPE_ONE, slot}, err);
}

/* Lays a token beside the TPM's that looks like it and opens nothing: its number. */
static int lay_beside(const struct fixture *f, int token)
{
	struct crypt_device *cd = open_volume(f);
	_cleanup_free_ char *text = NULL;
	const char *json;
	int r;

	assert_int_equal(crypt_token_json_get(cd, token, &json), token);
	text = xstrdup(json);
	memset(strstr(text, "\"tpm2-blob\":\"") + 40, 'A', 16);
	r = crypt_token_json_set(cd, CRYPT_ANY_TOKEN, text);
	assert_true(r >= 0 && r != token);
	crypt_free(cd);
	return r;
}

static void test_told(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};

	tell_first(f, &f->old);
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
	assert_memory_equal(slots.list[0].fingerprint, f->old.fingerprint,
			    PCR_FINGERPRINT_SIZE);
	assert_int_equal(pin_of(&f->old), PIN_GOOD);
	assert_int_equal(unseal(f, &f->old, slots.list[0].token), slots.list[0].slot);
	assert_int_equal(unlocks(f, &f->old, lay_beside(f, slots.list[0].token), NULL),
			 slots.list[0].slot);
	/* Another vendor's image, or the same after the start phase. */
	assert_true(unseal(f, &f->new, slots.list[0].token) < 0);
	swtpm_extend("leave-initrd");
	assert_true(unseal(f, &f->old, slots.list[0].token) < 0);
}

/* Others in place of the PCRs that the policy is of: the TPM holds to the policy. */
static void test_edited(void **state)
{
	static const struct {
		const char *from, *to;
	} edits[] = {
		{"\"tpm2-pcrs\":[7]", "\"tpm2-pcrs\":[4]"},
		{"\"tpm2_pubkey_pcrs\":[11]", "\"tpm2_pubkey_pcrs\":[12]"},
	};
	struct fixture *f = *state;
	_cleanup_free_ char *good = NULL;
	struct crypt_device *cd;
	const char *json;

	tell_first(f, &f->old);
	cd = open_volume(f);
	assert_int_equal(crypt_token_json_get(cd, 0, &json), 0);
	good = xstrdup(json);
	for (size_t i = 0; i < ELEMENTSOF(edits); i++) {
		_cleanup_free_ char *text = xstrdup(good);
		char *at = strstr(text, edits[i].from);

		assert_non_null(at);
		memcpy(at, edits[i].to, strlen(edits[i].to));
		assert_int_equal(crypt_token_json_set(cd, 0, text), 0);
		assert_true(unseal(f, &f->old, 0) < 0);
		assert_int_equal(crypt_token_json_set(cd, 0, good), 0);
		assert_true(unseal(f, &f->old, 0) >= 0);
	}
	crypt_free(cd);
}

/* Who starts something else with Secure Boot off has the boot image and its signature,
 * and can extend PCR 11 as the stub does. */
static void test_replayed(void **state)
{
	struct fixture *f = *state;

	tell_first(f, &f->old);
	swtpm_restart(&f->tpm);
	swtpm_extend("enter-initrd");
	assert_true(unseal(f, &f->old, CRYPT_ANY_TOKEN) >= 0);
	swtpm_restart(&f->tpm);
	swtpm_other_firmware();
	swtpm_extend("enter-initrd");
	assert_true(unseal(f, &f->old, CRYPT_ANY_TOKEN) < 0);
}

static void test_renewed(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	const struct tpm_slot *own, *older;
	struct pin_tpm before = f->both.tpm;
	struct error err = {0};

	tell_first(f, &f->old);
	/* The first start with both signatures: the pin is under the old key. */
	slots_of(f, &slots);
	assert_int_equal(pin_of(&f->both), PIN_SPOILT);
	assert_null(tpm_slots_own(&slots, f->both.fingerprint));
	older = tpm_slots_older(&slots, f->both.fingerprint, f->both.json);
	assert_non_null(older);
	before.public_key = older->key;
	assert_int_equal(pin_of(&(struct boot_image){.tpm = before}), PIN_GOOD);
	assert_int_equal(unseal(f, &f->both, older->token), older->slot);
	tell(f, &f->both, (struct enrol){.slot = true});
	tpm_slots_done(&slots);
	/* The next one: the new slot opens, the old one goes. */
	slots_of(f, &slots);
	assert_int_equal(slots.count, 2);
	assert_int_equal(pin_of(&f->both), PIN_GOOD);
	assert_int_equal(pin_of(&f->old), PIN_SPOILT);
	own = tpm_slots_own(&slots, f->both.fingerprint);
	older = tpm_slots_older(&slots, f->both.fingerprint, f->both.json);
	assert_int_equal(unseal(f, &f->both, own->token), own->slot);
	assert_int_equal(drop_one(f, older->slot, &err), 0);
	tpm_slots_done(&slots);
	/* An image with the new signature alone starts; the old one opens nothing. */
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
	assert_int_equal(unseal(f, &f->new, CRYPT_ANY_TOKEN), slots.list[0].slot);
	assert_int_equal(pin_of(&f->new), PIN_GOOD);
	assert_true(unseal(f, &f->old, CRYPT_ANY_TOKEN) < 0);
}

/* With a PIN; the renewed slot has it, too. */
static void test_pin(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	_cleanup_secret_ struct secret *password = secret_of("atomos"),
				       *pin = secret_of("a b=c");
	const struct tpm_slot *own;

	tell(f, &f->old,
	     (struct enrol){.password = password, .tpm_pin = pin, .slot = true});
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
	assert_true(slots.list[0].pin);
	assert_int_equal(unseal(f, &f->old, CRYPT_ANY_TOKEN), -ENOANO);
	assert_int_equal(unseal_pin(f, &f->old, CRYPT_ANY_TOKEN, "a b=d"),
			 -ENOTRECOVERABLE);
	assert_int_equal(unseal_pin(f, &f->old, CRYPT_ANY_TOKEN, "a b=c"),
			 slots.list[0].slot);
	tell(f, &f->both, (struct enrol){.tpm_pin = pin, .slot = true});
	tpm_slots_done(&slots);
	slots_of(f, &slots);
	own = tpm_slots_own(&slots, f->both.fingerprint);
	assert_true(own->pin);
	assert_int_equal(unseal_pin(f, &f->new, own->token, "a b=c"), own->slot);
	assert_int_equal(unseal(f, &f->new, own->token), -ENOANO);
	/* The next start: the new slot is the one that opens, or the renewal has no end.
	 */
	assert_int_not_equal(unlocks(f, &f->both, -1, "a b=c"), own->slot);
	assert_int_equal(unlocks(f, &f->both, own->token, "a b=c"), own->slot);
	assert_int_equal(unlocks(f, &f->both, own->token, "a b=d"), -ENOTRECOVERABLE);
	assert_int_equal(unlocks(f, &f->both, own->token, NULL), -ENOANO);
}

/* Makes slots until there are so many. */
static void fill(const struct fixture *f, int count)
{
	static const struct crypt_pbkdf_type cheap = {.type = CRYPT_KDF_PBKDF2,
						      .hash = "sha256",
						      .iterations = 1000,
						      .flags = CRYPT_PBKDF_NO_BENCHMARK};
	struct crypt_device *cd = open_volume(f);
	int slot;

	assert_int_equal(crypt_set_pbkdf_type(cd, &cheap), 0);
	do {
		slot = crypt_keyslot_add_by_passphrase(cd, CRYPT_ANY_SLOT, "atomos", 6,
						       "more", 4);
		assert_true(slot >= 0);
	} while (slot < count - 1);
	crypt_free(cd);
}

/* One slot too many, and the boot would refuse the header for ever. */
static void test_full(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	_cleanup_secret_ struct secret *password = secret_of("atomos");
	const struct pin pin = {0};
	struct enrol e = {.device = f->volume,
			  .slot = true,
			  .password = password,
			  .tpm = &f->both.tpm,
			  .pin = &pin,
			  .key = f->both.key_file,
			  .signature = f->both.signature_file};
	struct error err = {0};

	tell_first(f, &f->old);
	fill(f, LUKS_SLOTS_MAX);
	save(SIGNATURE_FILE, f->both.json);
	/* A renewal makes the new slot before the old one goes. */
	assert_int_equal(enrol(&e, &err), -ENOSPC);
	assert_says(&err, "atomos enroll remove");
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
	assert_int_equal(pin_of(&f->old), PIN_GOOD);
	/* In another's place there is room. */
	e.wipe.what = WIPE_ALL;
	if (enrol(&e, &err) < 0)
		fail_msg("%s", err.message);
	tpm_slots_done(&slots);
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
}

/* A token for the TPM that names the recovery key's slot doesn't take it along. */
static void test_shared(void **state)
{
	struct fixture *f = *state;
	_cleanup_secret_ struct secret *password = secret_of("atomos");
	const struct pin pin = {0};
	struct enrol e = {.device = f->volume,
			  .slot = true,
			  .wipe = {.what = WIPE_ALL},
			  .password = password,
			  .tpm = &f->old.tpm,
			  .pin = &pin,
			  .key = f->old.key_file,
			  .signature = f->old.signature_file};
	struct crypt_device *cd;
	struct error err = {0};
	int token;

	tell_first(f, &f->old);
	fill(f, 3);
	cd = open_volume(f);
	assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN,
					 "{\"type\":\"systemd-recovery\",\"keyslots\":["
					 "\"2\"]}") >= 0);
	token = crypt_token_json_set(cd, CRYPT_ANY_TOKEN,
				     "{\"type\":\"systemd-tpm2\",\"keyslots\":[\"2\"],"
				     "\"tpm2-blob\":\"AAAA\",\"tpm2-pcrs\":[7],"
				     "\"tpm2-policy-hash\":\"00\"}");
	assert_true(token >= 0);
	crypt_free(cd);
	save(SIGNATURE_FILE, f->old.json);
	assert_int_equal(drop_one(f, 2, &err), -EBUSY);
	assert_says(&err, "slot 2 is the TPM's and somebody else's");
	assert_int_equal(enrol(&e, &err), -EBUSY);
	cd = open_volume(f);
	assert_int_equal(crypt_keyslot_status(cd, 2), CRYPT_SLOT_ACTIVE);
	assert_int_equal(crypt_token_json_set(cd, token, NULL), token);
	crypt_free(cd);
	assert_int_equal(drop_one(f, 1, &err), 0);
}

static void test_drop_all(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	struct error err = {0};

	tell_first(f, &f->old);
	if (enrol_drop(f->volume, (struct enrol_wipe){.what = WIPE_ALL}, &err) < 0)
		fail_msg("%s", err.message);
	slots_of(f, &slots);
	assert_int_equal(slots.count, 0);
}

/* Who has no signature of the old key gets nothing renewed. */
static void test_stranger(void **state)
{
	struct fixture *f = *state;
	_cleanup_tpm_slots_ struct tpm_slots slots = {0};
	const struct pin pin = {0};
	const struct enrol e = {.device = f->volume,
				.slot = true,
				.tpm = &f->new.tpm,
				.pin = &pin,
				.key = f->new.key_file,
				.signature = f->new.signature_file};
	struct error err = {0};

	tell_first(f, &f->old);
	slots_of(f, &slots);
	assert_null(tpm_slots_older(&slots, f->new.fingerprint, f->new.json));
	save(SIGNATURE_FILE, f->new.json);
	assert_true(enrol(&e, &err) < 0);
	assert_int_equal(pin_of(&f->old), PIN_GOOD);
	tpm_slots_done(&slots);
	slots_of(f, &slots);
	assert_int_equal(slots.count, 1);
}

/* A disk of the attacker's in the owner's place, with a password of theirs and a slot
 * that systemd-cryptenroll has sealed to this very TPM, as anybody who starts something
 * on the machine can. */
static void test_attackers_disk(void **state)
{
	struct fixture *f = *state, theirs = *f;
	_cleanup_free_ char *device = xasprintf("--tpm2-device=swtpm:%s", f->tpm.device),
			    *key = xasprintf("%s/key", f->tpm.directory),
			    *unlock = xasprintf("--unlock-key-file=%s", key);
	struct protection p;

	tell_first(f, &f->old);
	p = protection_of(f, &f->old);
	assert_true(protection_trusts(&p));
	make_volume(&theirs, "theirs");
	save(key, "atomos");
	assert_int_equal(RUN("systemd-cryptenroll", unlock, device, "--tpm2-pcrs=7",
			     theirs.volume),
			 0);
	swtpm_forget();
	/* It does open on this machine. */
	assert_true(unseal(&theirs, &f->old, CRYPT_ANY_TOKEN) >= 0);
	p = protection_of(&theirs, &f->old);
	assert_false(protection_trusts(&p));
	assert_non_null(strstr(protection_words(&p), "knows another disk"));
	assert_int_equal(protection_enrolment(&p, OPENER_PASSWORD), ENROL_ASK_OTHER_DISK);
	assert_int_equal(protection_enrolment(&p, OPENER_GENERIC), ENROL_NO);
	free(theirs.volume);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOLD_TEST(test_told),	  TOLD_TEST(test_renewed),
		TOLD_TEST(test_pin),	  TOLD_TEST(test_full),
		TOLD_TEST(test_shared),	  TOLD_TEST(test_stranger),
		TOLD_TEST(test_drop_all), TOLD_TEST(test_attackers_disk),
		TOLD_TEST(test_replayed), TOLD_TEST(test_edited),
	};

	return cmocka_run_group_tests_name("enrol", tests, NULL, NULL);
}
