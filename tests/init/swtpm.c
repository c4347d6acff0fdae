/* SPDX-License-Identifier: MIT */
/* A software TPM for tests. */
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "test.h"
#include "swtpm.h"
#include "base/process.h"
#include "core/hash.h"
#include "init/pcr-signature.h"

int tool(const char *const *argv)
{
	const struct process p = {.argv = argv};
	_cleanup_free_ char *output = NULL;
	struct error err;

	return process_check(&p, &output, NULL, &err);
}

/* PCR 11 after the word, and from that the digest of the policy that demands it. */
static void policy_of(const char *word, uint8_t ret[static 32])
{
	static const uint8_t head[] = {0, 0, 1, 0x7f, 0, 0, 0, 1, 0, 0x0b, 3, 0, 8, 0};
	uint8_t pcr[64] = {0}, text[32 + sizeof(head) + 32] = {0};

	sha256_buffer(word, strlen(word), pcr + 32);
	sha256_buffer(pcr, 64, pcr);
	memcpy(text + 32, head, sizeof(head));
	sha256_buffer(pcr, 32, text + 32 + sizeof(head));
	sha256_buffer(text, sizeof(text), ret);
}

char *public_pem(EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *data, *text;
	long n;

	assert_int_equal(PEM_write_bio_PUBKEY(b, key), 1);
	n = BIO_get_mem_data(b, &data);
	text = xasprintf("%.*s", (int)n, data);
	BIO_free(b);
	return text;
}

/* What ukify writes for one phase; `named`: whose signature it claims to be. */
char *sign(EVP_PKEY *key, EVP_PKEY *named, const char *word)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	_cleanup_free_ char *public = public_pem(named);
	uint8_t policy[32], bytes[512], fingerprint[PCR_FINGERPRINT_SIZE];
	char hex[65], base64[800], name[65];
	size_t size = sizeof(bytes);

	policy_of(word, policy);
	assert_int_equal(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(c, bytes, &size, policy, sizeof(policy)), 1);
	EVP_MD_CTX_free(c);
	hex_encode(policy, sizeof(policy), hex);
	assert_int_equal(pcr_key_fingerprint(public, fingerprint), 0);
	hex_encode(fingerprint, sizeof(fingerprint), name);
	EVP_EncodeBlock((unsigned char *)base64, bytes, (int)size);
	return xasprintf("{\"sha256\":[{\"pcrs\":[11],\"pkfp\":\"%s\",\"pol\":\"%s\","
			 "\"sig\":\"%s\"}]}",
			 name, hex, base64);
}

void swtpm_extend(const char *word)
{
	_cleanup_free_ char *value = NULL;
	uint8_t digest[32];
	char hex[65];

	sha256_buffer(word, strlen(word), digest);
	hex_encode(digest, sizeof(digest), hex);
	value = xasprintf("11:sha256=%s", hex);
	assert_int_equal(RUN("tpm2_pcrextend", value), 0);
}

void swtpm_other_firmware(void)
{
	_cleanup_free_ char *value = xasprintf("7:sha256=%064d", 1);

	assert_int_equal(RUN("tpm2_pcrextend", value), 0);
}

static void run_server(struct swtpm *f)
{
	_cleanup_free_ char *state = xasprintf("dir=%s", f->directory),
			    *server = xasprintf("type=unixio,path=%s/s", f->directory),
			    *control =
				    xasprintf("type=unixio,path=%s/s.ctrl", f->directory),
			    *control_file = xasprintf("%s/s.ctrl", f->directory);

	f->pid = fork();
	if (f->pid == 0) {
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state,
		       "--server", server, "--ctrl", control, "--flags",
		       "not-need-init,startup-clear", "--log", "file=/dev/null", NULL);
		_exit(127);
	}
	for (int i = 0; i < 300 && access(control_file, F_OK) < 0; i++)
		poll(NULL, 0, 20);
}

void swtpm_forget(void)
{
	assert_int_equal(RUN("tpm2_flushcontext", "-t"), 0);
	assert_int_equal(RUN("tpm2_flushcontext", "-l"), 0);
}

void swtpm_start(struct swtpm *t)
{
	_cleanup_free_ char *tools = NULL;

	*t = (struct swtpm){.directory = "/tmp/atomos-tpm-XXXXXX"};
	assert_non_null(mkdtemp(t->directory));
	t->device = xasprintf("path=%s/s", t->directory);
	tools = xasprintf("swtpm:%s", t->device);
	setenv("TPM2TOOLS_TCTI", tools, 1);
	setenv("TSS2_LOG", "all+none", 1);
	run_server(t);
}

void swtpm_restart(struct swtpm *t)
{
	_cleanup_free_ char *control = xasprintf("%s/s.ctrl", t->directory);

	assert_int_equal(RUN("tpm2_shutdown", "-c"), 0);
	kill(t->pid, SIGTERM);
	waitpid(t->pid, NULL, 0);
	(void)unlink(control);
	run_server(t);
}

void swtpm_stop(struct swtpm *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	(void)remove_tree_at(AT_FDCWD, t->directory);
	free(t->device);
}
