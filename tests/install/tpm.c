/* SPDX-License-Identifier: MIT */
/* A software TPM that ends with the test, and a vendor that signs its PCR 11. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tpm.h"
#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"

static pid_t tpm;

int start_tpm(void **state)
{
	_cleanup_free_ char *dir = NULL, *server = NULL, *control = NULL;
	const char *socket_file;

	if (setup_directory(state) != 0)
		return -1;
	socket_file = in_directory(state, "s");
	dir = xasprintf("dir=%s", (char *)*state);
	server = xasprintf("type=unixio,path=%s", socket_file);
	control = xasprintf("type=unixio,path=%s.ctrl", socket_file);
	setenv("TPM2TOOLS_TCTI", tpm_driver(state), 1);
	setenv("TSS2_LOG", "all+none", 1);
	tpm = fork();
	if (tpm == 0) {
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", dir,
		       "--server", server, "--ctrl", control, "--flags",
		       "not-need-init,startup-clear", "--log", "file=/dev/null", NULL);
		_exit(127);
	}
	for (int i = 0; i < 300 && access(in_directory(state, "s.ctrl"), F_OK) < 0; i++)
		poll(NULL, 0, 20);
	return 0;
}

int stop_tpm(void **state)
{
	kill(tpm, SIGKILL);
	waitpid(tpm, NULL, 0);
	return teardown_directory(state);
}

void mute_tpm(void)
{
	assert_int_equal(kill(tpm, SIGSTOP), 0);
}

int connect_tpm(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, in_directory(state, "s"), sizeof(a.sun_path) - 1);
	/* Its control socket, which start_tpm waits for, may be there first. */
	for (int i = 0; i < 300; i++) {
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		poll(NULL, 0, 20);
	}
	_fail(__FILE__, __LINE__);
	return -1;
}

const char *tpm_driver(void **state)
{
	static char text[256];

	snprintf(text, sizeof(text), "swtpm:path=%s", in_directory(state, "s"));
	return text;
}

static void sha256(const void *data, size_t size, uint8_t *ret)
{
	size_t n;

	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, data, size, ret, &n), 1);
}

void extend_phase(const char *word)
{
	_cleanup_free_ char *value = NULL;
	uint8_t digest[32];
	char hex[65];

	sha256(word, strlen(word), digest);
	hex_encode(digest, sizeof(digest), hex);
	value = xasprintf("11:sha256=%s", hex);
	run_program((const char *const[]){"tpm2_pcrextend", value, NULL}, NULL);
}

/* PCR 11 after the word, and from that the digest of the policy that demands it. */
static void policy_of(const char *word, uint8_t ret[static 32])
{
	static const uint8_t head[] = {0, 0, 1, 0x7f, 0, 0, 0, 1, 0, 0x0b, 3, 0, 8, 0};
	uint8_t pcr[64] = {0}, text[32 + sizeof(head) + 32] = {0};

	sha256(word, strlen(word), pcr + 32);
	sha256(pcr, 64, pcr);
	memcpy(text + 32, head, sizeof(head));
	sha256(pcr, 32, text + 32 + sizeof(head));
	sha256(text, sizeof(text), ret);
}

/* systemd looks for the key's signature by this. */
static void fingerprint(EVP_PKEY *key, char ret[static 65])
{
	unsigned char *der = NULL;
	int size = i2d_PublicKey(key, &der);
	uint8_t digest[32];

	assert_true(size > 0);
	sha256(der, (size_t)size, digest);
	OPENSSL_free(der);
	hex_encode(digest, sizeof(digest), ret);
}

static void write_text(void **state, const char *name, const char *text, size_t size)
{
	assert_int_equal(
		write_file_at(AT_FDCWD, in_directory(state, name), text, size, 0600), 0);
}

static void write_public(void **state, EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *data;
	long n;

	assert_int_equal(PEM_write_bio_PUBKEY(b, key), 1);
	n = BIO_get_mem_data(b, &data);
	write_text(state, "public.pem", data, (size_t)n);
	BIO_free(b);
}

void sign_phase(void **state, const char *word)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	_cleanup_free_ char *json = NULL;
	uint8_t policy[32], bytes[512];
	char hex[65], pkfp[65], base64[800];
	size_t size = sizeof(bytes);

	write_public(state, key);
	policy_of(word, policy);
	assert_int_equal(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(c, bytes, &size, policy, sizeof(policy)), 1);
	hex_encode(policy, sizeof(policy), hex);
	fingerprint(key, pkfp);
	EVP_EncodeBlock((unsigned char *)base64, bytes, (int)size);
	json = xasprintf("{\"sha256\":[{\"pcrs\":[11],\"pkfp\":\"%s\",\"pol\":\"%s\","
			 "\"sig\":\"%s\"}]}",
			 pkfp, hex, base64);
	write_text(state, "signature.json", json, strlen(json));
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
}
