/* SPDX-License-Identifier: MIT */
/* A TPM (software) is told to open a volume, and the vendor's PCR key is renewed: with
 * systemd-cryptenroll and systemd's token plugin as they are. */
#include <libcryptsetup.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

#include "test.h"
#include "swtpm.h"
#include "base/secret.h"
#include "image/luks.h"
#include "init/enrol.h"
#include "init/luks-shape.h"
#include "init/protection.h"
#include "init/tpm-slots.h"
#include "init/unlock.h"

#define PLUGIN "systemd-tpm2"
/* Where systemd's programs look for it when nobody names another place. */
#define SIGNATURE_DIR "/run/systemd"
#define SIGNATURE_FILE SIGNATURE_DIR "/tpm2-pcr-signature.json"

/* What a boot image brings along. */
struct boot_image {
	char *pem, *json, *key_file, *signature_file;
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];
	struct pin_tpm tpm;
};

struct fixture {
	struct swtpm tpm;
	char *volume;
	EVP_PKEY *keys[2];
	struct boot_image old, both, new;
};

/* What systemd's plugin takes from who uses it (cryptsetup-token-systemd-tpm2.c). */
struct plugin_parameters {
	uint32_t pcrs; /* a token with these only; UINT32_MAX: with any */
	const char *device, *signature, *pcrlock;
};

static void save(const char *path, const char *text)
{
	assert_int_equal(write_file_at(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

static void image_init(struct boot_image *i, struct fixture *f, const char *name,
		       EVP_PKEY *key, char *json)
{
	i->pem = public_pem(key);
	i->json = json;
	i->key_file = xasprintf("%s/%s.pem", f->tpm.directory, name);
	i->signature_file = xasprintf("%s/%s.json", f->tpm.directory, name);
	save(i->key_file, i->pem);
	save(i->signature_file, i->json);
	assert_int_equal(pcr_key_fingerprint(i->pem, i->fingerprint), 0);
	i->tpm = (struct pin_tpm){"swtpm", f->tpm.device, i->pem, i->json};
}

static void image_done(struct boot_image *i)
{
	free(i->pem);
	free(i->json);
	free(i->key_file);
	free(i->signature_file);
}

/* Two keys' signatures in one text, as ukify combines them. */
static char *combine(const char *a, const char *b)
{
	const char *list = strchr(b, '[') + 1;

	return xasprintf("%.*s,%s", (int)(strlen(a) - 2), a, list);
}

static void make_volume(struct fixture *f, const char *name)
{
	_cleanup_secret_ struct secret *password = secret_of("atomos"), *key = NULL;
	struct luks_options o = {.password = password};
	struct error err = {0};

	f->volume = xasprintf("%s/%s", f->tpm.directory, name);
	o.path = f->volume;
	if (luks_format(&o, &key, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(truncate(f->volume, LUKS_DATA_OFFSET + (1 << 20)), 0);
}

static int setup(void **state)
{
	static struct fixture f;
	char *old, *new;

	f = (struct fixture){0};
	swtpm_start(&f.tpm);
	for (size_t i = 0; i < ELEMENTSOF(f.keys); i++)
		f.keys[i] = EVP_RSA_gen(2048);
	old = sign(f.keys[0], f.keys[0], "enter-initrd");
	new = sign(f.keys[1], f.keys[1], "enter-initrd");
	image_init(&f.both, &f, "both", f.keys[1], combine(new, old));
	image_init(&f.old, &f, "old", f.keys[0], old);
	image_init(&f.new, &f, "new", f.keys[1], new);
	make_volume(&f, "volume");
	(void)mkdir(SIGNATURE_DIR, 0755);
	swtpm_extend("enter-initrd");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	image_done(&f->old);
	image_done(&f->both);
	image_done(&f->new);
	free(f->volume);
	for (size_t i = 0; i < ELEMENTSOF(f->keys); i++)
		EVP_PKEY_free(f->keys[i]);
	(void)unlink(SIGNATURE_FILE);
	swtpm_stop(&f->tpm);
	return 0;
}

static struct crypt_device *open_volume(const struct fixture *f)
{
	struct crypt_device *cd;

	assert_int_equal(crypt_init(&cd, f->volume), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	return cd;
}

/* The slot that opens by this token and perhaps a PIN, under this image; or what the boot
 * gets to hear. */
static int unseal_pin(const struct fixture *f, const struct boot_image *i, int token,
		      const char *pin)
{
	_cleanup_free_ char *device = xasprintf("swtpm:%s", f->tpm.device);
	struct plugin_parameters p = {
		.pcrs = UINT32_MAX, .device = device, .signature = i->signature_file};
	struct crypt_device *cd = open_volume(f);
	int r = crypt_activate_by_token_pin(cd, NULL, PLUGIN, token, pin,
					    pin ? strlen(pin) : 0, &p, 0);

	swtpm_forget();
	crypt_free(cd);
	return r;
}

static int unseal(const struct fixture *f, const struct boot_image *i, int token)
{
	return unseal_pin(f, i, token, NULL);
}

static void slots_of(const struct fixture *f, struct tpm_slots *ret)
{
	struct crypt_device *cd = open_volume(f);
	struct error err = {0};
	const char *json;

	tpm_slots_read(cd, ret);
	/* What comes out of it the next boot accepts. */
	assert_int_equal(crypt_dump_json(cd, &json, 0), 0);
	if (luks_shape_check(json, &err) < 0)
		fail_msg("%s", err.message);
	crypt_free(cd);
}

static void digest_of(const struct fixture *f, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	_cleanup_(volume_freep) struct volume *v = NULL;
	struct error err = {0};

	if (volume_open_header(f->volume, NULL, &v, &err) < 0)
		fail_msg("%s", err.message);
	memcpy(ret, volume_key_digest(v), VOLUME_DIGEST_SIZE);
}

static void tell(struct fixture *f, const struct boot_image *i, struct enrol e)
{
	struct pin pin = {.secure_boot = true, .lowest_release = 5};
	struct error err = {0};

	digest_of(f, pin.volume);
	e.device = f->volume;
	e.tpm = &i->tpm;
	e.pin = &pin;
	e.key = i->key_file;
	e.signature = i->signature_file;
	save(SIGNATURE_FILE, i->json);
	if (enrol(&e, &err) < 0)
		fail_msg("%s", err.message);
	swtpm_forget();
}

static void tell_first(struct fixture *f, const struct boot_image *i)
{
	_cleanup_secret_ struct secret *password = secret_of("atomos");

	tell(f, i, (struct enrol){.password = password, .slot = true});
}

static int drop_one(const struct fixture *f, int slot, struct error *err)
{
	return enrol_drop(f->volume, (struct enrol_wipe){WIPE_ONE, slot}, err);
}

static enum pin_state pin_of(const struct boot_image *i)
{
	struct pin_reading reading;
	struct error err = {0};

	if (pin_tpm_read(&i->tpm, &reading, &err) < 0)
		fail_msg("%s", err.message);
	return reading.state;
}

/* As the boot opens it, but for the device. */
static int unlocks(const struct fixture *f, const struct boot_image *i, int first,
		   const char *pin)
{
	_cleanup_free_ char *device = xasprintf("swtpm:%s", f->tpm.device);
	_cleanup_(volume_freep) struct volume *v = NULL;
	_cleanup_secret_ struct secret *typed = pin ? secret_of(pin) : NULL;
	struct plugin_parameters p = {
		.pcrs = UINT32_MAX, .device = device, .signature = i->signature_file};
	struct error err = {0};
	int r;

	if (volume_open_header(f->volume, NULL, &v, &err) < 0)
		fail_msg("%s", err.message);
	r = volume_unlock_by_tpm(v, first, typed, &p);
	swtpm_forget();
	return r;
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

/* Where the TPM's answer for this volume leads, as the boot takes it. */
static struct protection protection_of(const struct fixture *f,
				       const struct boot_image *i)
{
	struct protection p = {.usable = true,
			       .has_token = true,
			       .secure_boot = 1,
			       .unlock = -ECANCELED};
	uint8_t digest[VOLUME_DIGEST_SIZE];
	struct pin_reading reading;
	struct error err = {0};

	if (pin_tpm_read(&i->tpm, &reading, &err) < 0)
		fail_msg("%s", err.message);
	digest_of(f, digest);
	protection_read(&p, &reading, digest);
	return p;
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_told),     TEST(test_renewed),	TEST(test_pin),
		TEST(test_full),     TEST(test_shared),		TEST(test_stranger),
		TEST(test_drop_all), TEST(test_attackers_disk), TEST(test_replayed),
		TEST(test_edited),
	};

	return cmocka_run_group_tests_name("enrol", tests, NULL, NULL);
}
