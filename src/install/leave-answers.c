/* SPDX-License-Identifier: MIT */
/* Leaves answers for the first start in the header of a fresh volume. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/process.h"
#include "init/answers-token.h"
#include "install/leave-answers.h"

#include <systemd/sd-json.h>

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

/* PCR 11 as the vendor signs it: no running system opens it, not even this one. */
static int seal_it(const struct leave_answers *l, struct crypt_device *cd, char **ret,
		   struct error *err)
{
	uint8_t digest[VOLUME_DIGEST_SIZE];
	char name[ANSWERS_NAME_SIZE];
	_cleanup_free_ char *named = NULL,
			    *key = xasprintf("--tpm2-public-key=%s", l->public_key),
			    *device = xasprintf("--tpm2-device=%s",
						l->device ? l->device : "auto");
	int r = digest_of(cd, digest);

	if (r < 0)
		return fail(err, r, "The new header can't be read: %s", strerror(-r));
	answers_name(digest, name);
	named = xasprintf("--name=%s", name);
	r = process_check(
		&(struct process){
			.argv = (const char *const[]){"systemd-creds", "encrypt",
						      "--with-key=tpm2-with-public-key",
						      "--tpm2-pcrs=7", key,
						      "--tpm2-public-key-pcrs=11", device,
						      named, "-", "-", NULL},
			.input = l->sealed->data,
			.input_size = l->sealed->size},
		ret, NULL, err);
	if (r < 0)
		return wrap(err, "The TPM doesn't seal the answers");
	join_lines(*ret);
	return 0;
}

static int add_token(struct crypt_device *cd, const struct secret *open,
		     const char *sealed)
{
	sd_json_variant *token = NULL;
	_cleanup_free_ char *text = NULL;
	int r = sd_json_buildo(
		&token, SD_JSON_BUILD_PAIR_STRING("type", ANSWERS_TOKEN),
		SD_JSON_BUILD_PAIR("keyslots", SD_JSON_BUILD_EMPTY_ARRAY),
		SD_JSON_BUILD_PAIR_BASE64("open", open->data, open->size),
		SD_JSON_BUILD_PAIR_CONDITION(sealed != NULL, "sealed",
					     SD_JSON_BUILD_STRING(sealed)));

	if (r >= 0)
		r = sd_json_variant_format(token, 0, &text);
	if (r >= 0)
		r = crypt_token_json_set(cd, CRYPT_ANY_TOKEN, text);
	sd_json_variant_unref(token);
	return MIN(r, 0);
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
		r = seal_it(l, cd, &sealed, err);
	if (r < 0)
		return r;
	r = add_token(cd, l->open, sealed);
	return r < 0 ? fail(err, r, "The answers can't be kept in the new header: %s",
			    said.message[0] ? said.message : strerror(-r))
		     : 0;
}
