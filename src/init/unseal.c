/* SPDX-License-Identifier: MIT */
/* Answers that an installation has sealed to this machine. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "core/answers-token.h"
#include "init/limit.h"
#include "init/unseal.h"

#define PROGRAM "systemd-creds"
#define SECONDS 20

/* Runs in a child. The plain text goes from the program to the file and nowhere else. */
static int decrypt(void *context, struct error *err)
{
	const struct unseal *u = context;
	char name[ANSWERS_NAME_SIZE];
	_cleanup_free_ char *named = NULL,
			    *signature = xasprintf("--tpm2-signature=%s", u->signature),
			    *device = u->device ? xasprintf("--tpm2-device=%s", u->device)
						: NULL;
	const char *argv[8] = {PROGRAM, "decrypt"};
	const struct process p = {
		.argv = argv, .input = u->sealed, .input_size = strlen(u->sealed)};
	_cleanup_free_ char *output = NULL;
	size_t n = 2;

	/* Whenever it is written, nobody else reads it. */
	(void)umask(077);
	answers_name(u->digest, name);
	named = xasprintf("--name=%s", name);
#ifdef WITHOUT_CHECK_ANSWERS_NAME
	free(named);
	named = xstrdup("--name=");
#endif
	argv[n++] = named;
	argv[n++] = signature;
	if (device)
		argv[n++] = device;
	argv[n++] = "-";
	argv[n++] = u->target;
	return process_check(&p, &output, NULL, err);
}

int unseal(const struct unseal *u, struct error *err)
{
	const struct limited l = {
		.work = decrypt, .context = (void *)u, .seconds = SECONDS, .alone = true};
	int r;

	(void)unlink(u->target);
	r = run_limited(&l, err);
	if (r == -ETIMEDOUT)
		r = fail(err, r, "The TPM gives no answer");
	if (r == 0 && chmod(u->target, 0600) < 0)
		r = fail(err, -errno, "%s: %m", u->target);
	if (r < 0)
		(void)unlink(u->target);
	return r;
}
