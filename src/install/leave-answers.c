/* SPDX-License-Identifier: MIT */
/* Leaves answers for the first start in the header of a fresh volume. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/variant.h"
#include "core/answers-token.h"
#include "core/token.h"
#include "init/limit.h"
#include "init/volume-digest.h"
#include "install/leave-answers.h"

/* Key pairs are made for it, which takes slow ones their time. */
#define SECONDS 90
#define SEALED_MAX (16U << 10)

static int digest_of(struct crypt_device *cd, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	const char *json;
	int r = crypt_dump_json(cd, &json, 0);

	return r < 0 ? r : volume_digest(json, ret);
}

/* One line of what the program prints in many. */
static void join_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != '\n')
			*to++ = *from;
	*to = 0;
}

/* What the child does, which hangs as long as the TPM does. */
struct seal {
	const struct leave_answers *answers;
	char name[ANSWERS_NAME_SIZE];
	char *file; /* for what is sealed */
	int plain;  /* secret_file(), of a secret that a child doesn't see */
};

/* PCR 11 as the vendor signs it: no running system opens it, not even this one. */
static int seal_now(void *context, struct error *err)
{
	const struct seal *s = context;
	const struct leave_answers *l = s->answers;
	_cleanup_free_ char *named = xasprintf("--name=%s", s->name), *sealed = NULL,
			    *key = xasprintf("--tpm2-public-key=%s", l->public_key),
			    *device = xasprintf("--tpm2-device=%s",
						l->device ? l->device : "auto");
	_cleanup_secret_ struct secret *plain = secret_new();
	struct process p = {
		.argv = (const char *const[]){"systemd-creds", "encrypt",
					      "--with-key=tpm2-with-public-key",
					      "--tpm2-pcrs=7", key,
					      "--tpm2-public-key-pcrs=11", device, named,
					      "-", "-", NULL},
		.input = plain->data};
	int r = secret_read_file(s->plain, plain);

	/* Not for the program as well. */
	close(s->plain);
	if (r < 0)
		return fail(err, r, "The answers can't be read: %s", strerror(-r));
	p.input_size = plain->size;
	r = process_check(&p, &sealed, NULL, err);
	if (r < 0)
		return wrap(err, "The TPM doesn't seal the answers");
	join_lines(sealed);
	r = write_file_at(AT_FDCWD, s->file, sealed, strlen(sealed), 0600);
	return r < 0 ? fail(err, r, "%s can't be written: %s", s->file, strerror(-r)) : 0;
}

static int seal_it(const struct leave_answers *l, struct crypt_device *cd,
		   const char *header, char **ret, struct error *err)
{
	_cleanup_close_ int plain = secret_file(l->sealed);
	struct seal s = {.answers = l, .plain = plain};
	_cleanup_free_ char *file = s.file = xasprintf("%s.sealed", header);
	const struct limited limited = {.work = seal_now,
					.context = &s,
					.seconds = l->seconds ? l->seconds : SECONDS,
					.alone = true,
					.keep = plain};
	uint8_t digest[VOLUME_DIGEST_SIZE];
	int r = digest_of(cd, digest);

	if (r < 0)
		return fail(err, r, "The new header can't be read: %s", strerror(-r));
	if (plain < 0)
		return fail(err, plain, "The answers can't be kept for the TPM: %s",
			    strerror(-plain));
	answers_name(digest, s.name);
	r = run_limited(&limited, err);
	if (r == -ETIMEDOUT)
		r = fail(err, r,
			 "The TPM doesn't seal the answers: it gives no answer. "
			 "Install without a password in them, or restart");
	if (r == 0) {
		r = read_file_at(AT_FDCWD, file, SEALED_MAX, ret, NULL);
		if (r < 0)
			r = fail(err, r, "%s can't be read: %s", file, strerror(-r));
	}
	(void)unlink(file);
	return r;
}

static int add_token(struct crypt_device *cd, const struct secret *open,
		     const char *sealed)
{
	_cleanup_variant_ sd_json_variant *token = NULL;
	int r = sd_json_buildo(
		&token, SD_JSON_BUILD_PAIR_STRING("type", ANSWERS_TOKEN),
		SD_JSON_BUILD_PAIR("keyslots", SD_JSON_BUILD_EMPTY_ARRAY),
		SD_JSON_BUILD_PAIR_BASE64("open", open->data, open->size),
		SD_JSON_BUILD_PAIR_CONDITION(sealed != NULL, "sealed",
					     SD_JSON_BUILD_STRING(sealed)));

	return r < 0 ? r : token_add(cd, token);
}

int leave_answers(const struct leave_answers *l, const char *header, struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	_cleanup_free_ char *sealed = NULL;
	struct error said = {0};
	int r = crypt_init(&cd, header);

	if (r == 0) {
		crypt_set_log_callback(cd, crypt_keep_message, &said);
		r = crypt_load(cd, CRYPT_LUKS2, NULL);
	}
	if (r < 0)
		return fail(err, r, "The new header can't be read: %s", strerror(-r));
	if (l->sealed)
		r = seal_it(l, cd, header, &sealed, err);
	if (r < 0)
		return r;
	r = add_token(cd, l->open, sealed);
	return r < 0 ? fail(err, r, "The answers can't be kept in the new header: %s",
			    said.message[0] ? said.message : strerror(-r))
		     : 0;
}
