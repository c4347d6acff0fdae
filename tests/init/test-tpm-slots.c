/* SPDX-License-Identifier: MIT */
/* Which slots a TPM opens, and whose PCR key each is bound to. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "swtpm.h"
#include "base/macro.h"
#include "init/tpm-slots.h"

struct key {
	char *pem, *base64;
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];
	char hex[2 * PCR_FINGERPRINT_SIZE + 1];
};

static struct key new_key(void)
{
	EVP_PKEY *pair = EVP_RSA_gen(2048);
	struct key k = {.pem = public_pem(pair)};
	size_t n = strlen(k.pem);

	k.base64 = xmalloc(n * 2);
	EVP_EncodeBlock((uint8_t *)k.base64, (const uint8_t *)k.pem, (int)n);
	EVP_PKEY_free(pair);
	assert_int_equal(pcr_key_fingerprint(k.pem, k.fingerprint), 0);
	hex_encode(k.fingerprint, sizeof(k.fingerprint), k.hex);
	return k;
}

static void key_done(struct key *k)
{
	free(k->pem);
	free(k->base64);
}

static void test_parse(void **state)
{
	_cleanup_(key_done) struct key k = new_key();
	_cleanup_free_ char *json = xasprintf("{\"type\":\"systemd-tpm2\",\"keyslots\":["
					      "\"3\"],\"tpm2-pin\":true,\"tpm2_pubkey\":"
					      "\"%s\"}",
					      k.base64);
	struct tpm_slot s;

	assert_int_equal(tpm_slot_parse(json, &s), 0);
	assert_int_equal(s.slot, 3);
	assert_true(s.pin);
	assert_string_equal(s.key, k.pem);
	assert_memory_equal(s.fingerprint, k.fingerprint, PCR_FINGERPRINT_SIZE);
	free(s.key);
	assert_int_equal(
		tpm_slot_parse("{\"type\":\"systemd-tpm2\",\"keyslots\":[\"0\"]}", &s),
		0);
	assert_null(s.key);
	assert_false(s.pin);
}

static void test_odd(void **state)
{
	static const char *const odd[] = {
		"",
		"[]",
		"{\"type\":\"systemd-tpm2\"}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[]}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[7]}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"x\"]}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"1\"],\"tpm2-pin\":1}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"1\"],\"tpm2_pubkey\":"
		"\"AAAA\"}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"1\"],\"tpm2_pubkey\":\"eHg="
		"\"}",
		"{\"type\":\"systemd-tpm2\",\"keyslots\":[\"1\"],\"tpm2_pubkey\":5}",
	};
	struct tpm_slot s;

	for (size_t i = 0; i < ELEMENTSOF(odd); i++)
		assert_int_equal(tpm_slot_parse(odd[i], &s), -EBADMSG);
	assert_int_equal(tpm_slot_parse("{\"type\":\"systemd-recovery\"}", &s), -ENOENT);
}

/* Nobody is asked for a pass phrase, though one could be typed. */
static void test_encrypted(void **state)
{
	static const char pem[] =
		"-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
		"AES-256-CBC,"
		"00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"-----END PUBLIC KEY-----\n";
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];
	int typed[2], status = -1;
	pid_t pid;

	assert_int_equal(pipe(typed), 0);
	pid = fork();
	if (pid == 0) {
		(void)setsid();
		(void)dup2(typed[0], STDIN_FILENO);
		_exit(pcr_key_fingerprint(pem, fingerprint) == -EBADMSG ? 0 : 1);
	}
	/* libcrypto holds back every signal while it asks, but this. */
	for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 100);
	(void)kill(pid, SIGKILL);
	assert_int_equal(status, 0);
	close(typed[0]);
	close(typed[1]);
}

/* An older key counts as long as the image has its signature. */
static void test_renewed(void **state)
{
	_cleanup_(key_done) struct key own = new_key(), older = new_key(),
				       stranger = new_key();
	_cleanup_free_ char *both = xasprintf(
		"{\"sha256\":[{\"pcrs\":[11],\"pkfp\":\"%s\",\"pol\":\"%064d\",\"sig\":"
		"\"AA==\"},{\"pcrs\":[11],\"pkfp\":\"%s\",\"pol\":\"%064d\",\"sig\":"
		"\"AA==\"}]}",
		own.hex, 0, older.hex, 0);
	static const enum tpm_key whose[] = {TPM_KEY_STRANGE, TPM_KEY_STRANGE,
					     TPM_KEY_OLDER, TPM_KEY_OWN, TPM_KEY_STRANGE};
	struct tpm_slots s = {.count = 4};

	/* Bound to no key; to a key of whoever had the disk; to the older; to the own. */
	s.list[0] = (struct tpm_slot){.slot = 1};
	s.list[1] = (struct tpm_slot){.slot = 2, .key = stranger.pem};
	s.list[2] = (struct tpm_slot){.slot = 3, .key = older.pem};
	s.list[3] = (struct tpm_slot){.slot = 4, .key = own.pem};
	memcpy(s.list[1].fingerprint, stranger.fingerprint, PCR_FINGERPRINT_SIZE);
	memcpy(s.list[2].fingerprint, older.fingerprint, PCR_FINGERPRINT_SIZE);
	memcpy(s.list[3].fingerprint, own.fingerprint, PCR_FINGERPRINT_SIZE);
	assert_int_equal(tpm_slots_own(&s, own.fingerprint)->slot, 4);
	assert_int_equal(tpm_slots_older(&s, own.fingerprint, both)->slot, 3);
	assert_null(tpm_slots_older(&s, own.fingerprint, "{\"sha256\":[]}"));
	for (int slot = 1; slot <= 5; slot++)
		assert_int_equal(tpm_slots_whose(&s, slot, own.fingerprint, both),
				 whose[slot - 1]);
	/* Laid before the real one. */
	s.list[1].slot = 4;
	s.list[2].slot = 4;
	assert_int_equal(tpm_slots_whose(&s, 4, own.fingerprint, both), TPM_KEY_OWN);
	s.list[1].slot = 3;
	s.list[2].slot = 3;
	assert_int_equal(tpm_slots_whose(&s, 3, own.fingerprint, both), TPM_KEY_OLDER);
	assert_true(tpm_slots_others(&s, 4));
	s.count = 1;
	assert_false(tpm_slots_others(&s, 1));
	s.count = 2;
	assert_null(tpm_slots_own(&s, own.fingerprint));
	assert_null(tpm_slots_older(&s, own.fingerprint, both));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_renewed),
	};

	return cmocka_run_group_tests_name("tpm-slots", tests, NULL, NULL);
}
