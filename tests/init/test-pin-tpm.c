/* SPDX-License-Identifier: MIT */
/* The pin in a real (software) TPM, attacked with stock tools. */
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "test.h"
#include "swtpm.h"
#include "init/pin-tpm.h"

#define PIN_INDEX_TEXT "0x01800a70"

struct fixture {
	struct swtpm tpm;
	EVP_PKEY *key;
	char *public_key, *signature;
	struct pin_tpm how;
};

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	swtpm_start(&f.tpm);
	f.key = EVP_RSA_gen(2048);
	f.public_key = public_pem(f.key);
	f.signature = sign(f.key, f.key, "enter-initrd");
	f.how = (struct pin_tpm){"swtpm", f.tpm.device, f.public_key, f.signature};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	swtpm_stop(&f->tpm);
	EVP_PKEY_free(f->key);
	free(f->public_key);
	free(f->signature);
	return 0;
}

static struct pin some_pin(void)
{
	struct pin p = {.secure_boot = true, .owner_count = 2, .lowest_release = 7};

	memset(p.volume, 1, sizeof(p.volume));
	memset(p.owners, 2, sizeof(p.owners[0]) * 2);
	return p;
}

static void must(int r, const struct error *err)
{
	if (r < 0)
		fail_msg("%s", err->message);
}

static void assert_state(const struct fixture *f, enum pin_state wanted)
{
	struct pin_reading reading;
	struct error err = {0};

	must(pin_tpm_read(&f->how, &reading, &err), &err);
	assert_int_equal(reading.state, wanted);
	assert_true(reading.has_pcr7);
}

/* A machine whose TPM has a good pin, in the start phase. */
static void write_pin(const struct fixture *f)
{
	const struct pin pin = some_pin();
	struct error err = {0};

	swtpm_extend("enter-initrd");
	must(pin_tpm_write(&f->how, &pin, &err), &err);
	assert_state(f, PIN_GOOD);
}

static void test_write(void **state)
{
	const struct fixture *f = *state;
	struct pin pin = some_pin();
	struct pin_reading reading;
	struct error err = {0};

	assert_state(f, PIN_NONE);
	write_pin(f);
	must(pin_tpm_read(&f->how, &reading, &err), &err);
	assert_memory_equal(&reading.pin.volume, &pin.volume, sizeof(pin.volume));
	assert_int_equal(reading.pin.lowest_release, 7);
	assert_int_equal(reading.pin.owner_count, 2);
	/* Written over, as often as one likes. */
	pin.lowest_release = 9;
	must(pin_tpm_write(&f->how, &pin, &err), &err);
	must(pin_tpm_read(&f->how, &reading, &err), &err);
	assert_int_equal(reading.pin.lowest_release, 9);
}

/* After the start phase, and with an image of another vendor, nobody writes. */
static void test_phase(void **state)
{
	const struct fixture *f = *state;
	const struct pin pin = some_pin();
	struct error err = {0};

	write_pin(f);
	swtpm_extend("leave-initrd");
	assert_int_equal(pin_tpm_write(&f->how, &pin, &err), -EPERM);
	assert_says(&err, "early in a start");
	assert_state(f, PIN_GOOD);
	/* What stock tools have: the empty passwords of index and owner. */
	assert_true(RUN("sh", "-c",
			"head -c 352 /dev/zero | tpm2_nvwrite -i - " PIN_INDEX_TEXT) < 0);
	assert_true(
		RUN("sh", "-c",
		    "head -c 352 /dev/zero | tpm2_nvwrite -C o -i - " PIN_INDEX_TEXT) <
		0);
	assert_state(f, PIN_GOOD);
}

static void test_other_key(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *public = NULL, *signature = NULL;
	EVP_PKEY *other = EVP_RSA_gen(2048);
	const struct pin pin = some_pin();
	struct pin_reading reading;
	struct pin_tpm how = f->how;
	struct error err = {0};

	write_pin(f);
	/* Its signature with the vendor's key: the TPM refuses. */
	signature = sign(other, f->key, "enter-initrd");
	how.signature = signature;
	assert_true(pin_tpm_write(&how, &pin, &err) < 0);
	assert_state(f, PIN_GOOD);
	/* With its own key it sees that the pin isn't its own. */
	public = public_pem(other);
	how.public_key = public;
	must(pin_tpm_read(&how, &reading, &err), &err);
	assert_int_equal(reading.state, PIN_SPOILT);
	EVP_PKEY_free(other);
}

/* Anybody may remove it; what takes its place is seen. */
static void test_spoilt(void **state)
{
	const struct fixture *f = *state;
	const struct pin pin = some_pin();
	struct error err = {0};

	write_pin(f);
	assert_int_equal(RUN("sh", "-c", "tpm2_nvread -o pin-copy " PIN_INDEX_TEXT), 0);
	assert_int_equal(RUN("tpm2_nvundefine", "-C", "o", PIN_INDEX_TEXT), 0);
	assert_state(f, PIN_NONE);
	/* The same content under other attributes. */
	assert_int_equal(RUN("tpm2_nvdefine", "-C", "o", "-s", "352", "-a",
			     "ownerread|authread|ownerwrite|no_da", PIN_INDEX_TEXT),
			 0);
	assert_state(f, PIN_SPOILT);
	assert_int_equal(RUN("tpm2_nvwrite", "-C", "o", "-i", "pin-copy", PIN_INDEX_TEXT),
			 0);
	assert_state(f, PIN_SPOILT);
	(void)unlink("pin-copy");
	/* In the start phase it is put right. */
	must(pin_tpm_write(&f->how, &pin, &err), &err);
	assert_state(f, PIN_GOOD);
}

/* Who starts something else has the boot image and its signature, and can extend PCR 11
 * as the stub does; but PCR 7 tells that Secure Boot was off. */
static void test_replayed(void **state)
{
	struct fixture *f = *state;
	struct pin pin = some_pin();
	struct pin_reading reading;
	struct error err = {0};

	write_pin(f);
	swtpm_restart(&f->tpm);
	swtpm_other_firmware();
	assert_state(f, PIN_OTHER_PCR7);
	/* Another owner, and the content of a good pin beside it. */
	swtpm_extend("enter-initrd");
	memset(pin.owners, 3, sizeof(pin.owners[0]));
	must(pin_tpm_write(&f->how, &pin, &err), &err);
	swtpm_restart(&f->tpm);
	must(pin_tpm_read(&f->how, &reading, &err), &err);
	assert_int_not_equal(reading.state, PIN_GOOD);
	/* With the PCR 7 that it was written under in it, it is known as such. */
	swtpm_other_firmware();
	must(pin_tpm_read(&f->how, &reading, &err), &err);
	memcpy(pin.pcr7, reading.pcr7, PIN_HASH_SIZE);
	swtpm_extend("enter-initrd");
	must(pin_tpm_write(&f->how, &pin, &err), &err);
	swtpm_restart(&f->tpm);
	assert_state(f, PIN_OTHER_PCR7);
	/* The owner's next start with a password puts it right. */
	write_pin(f);
}

/* Defined exactly so, but never written. */
static void test_unwritten(void **state)
{
	const struct fixture *f = *state;
	_cleanup_free_ char *script = xasprintf(
		"cd %s && tpm2_nvreadpublic " PIN_INDEX_TEXT " | "
		"sed -n 's/.*authorization policy: //p' | basenc -d --base16 >policy && "
		"tpm2_nvundefine -C o " PIN_INDEX_TEXT
		" && tpm2_nvdefine -C o -s 352 -L policy -a "
		"'ownerread|authread|policywrite|writeall|no_da' " PIN_INDEX_TEXT,
		f->tpm.directory);

	write_pin(f);
	assert_int_equal(RUN("bash", "-o", "pipefail", "-c", script), 0);
	assert_state(f, PIN_SPOILT);
}

static void test_no_tpm(void **state)
{
	struct fixture *f = *state;
	struct pin_tpm how = f->how;
	struct pin_reading reading;
	struct error err = {0};

	how.device = "path=/nowhere";
	assert_true(pin_tpm_read(&how, &reading, &err) < 0);
	assert_int_equal(reading.state, PIN_UNAVAILABLE);
	assert_says(&err, "can't be opened");
	how.public_key = "no key";
	assert_true(pin_tpm_read(&how, &reading, &err) < 0);
	assert_says(&err, "isn't an RSA key");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_write),  TEST(test_phase),	 TEST(test_other_key),
		TEST(test_spoilt), TEST(test_unwritten), TEST(test_replayed),
		TEST(test_no_tpm),
	};

	return cmocka_run_group_tests_name("pin-tpm", tests, NULL, NULL);
}
