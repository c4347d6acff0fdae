/* SPDX-License-Identifier: MIT */
/* The software TPM of tests/init beside a test's directory. */
#include <openssl/rsa.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tpm.h"
#include "base/alloc.h"
#include "base/fd.h"

static struct swtpm tpm;
static char *driver;

int start_tpm(void **state)
{
	if (setup_directory(state) != 0)
		return -1;
	swtpm_start(&tpm);
	driver = xasprintf("swtpm:%s", tpm.device);
	return 0;
}

int stop_tpm(void **state)
{
	swtpm_stop(&tpm);
	free(driver);
	return teardown_directory(state);
}

void mute_tpm(void)
{
	assert_int_equal(kill(tpm.pid, SIGSTOP), 0);
}

int connect_tpm(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/s", tpm.directory);
	/* Its control socket, which swtpm_start waits for, may be there first. */
	for (int i = 0; i < 300; i++) {
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		poll(NULL, 0, 20);
	}
	_fail(__FILE__, __LINE__);
	return -1;
}

const char *tpm_driver(void)
{
	return driver;
}

static void write_text(void **state, const char *name, const char *text)
{
	assert_int_equal(write_file_at(AT_FDCWD, in_directory(state, name), text,
				       strlen(text), 0600),
			 0);
}

void sign_phase(void **state, const char *word)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	_cleanup_free_ char *public = public_pem(key), *json = sign(key, key, word);

	write_text(state, "public.pem", public);
	write_text(state, "signature.json", json);
	EVP_PKEY_free(key);
}
