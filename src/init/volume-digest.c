/* SPDX-License-Identifier: MIT */
/* Which volume key a LUKS2 header is for. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "init/volume-digest.h"

static int hash_text(const char *text, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	size_t size;

	return EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), ret, &size) ? 0
										  : -EIO;
}

static void variant_unrefp(sd_json_variant **v)
{
	sd_json_variant_unref(*v);
}

/* NULL when it is absent, or no text of one line. */
static const char *line_of(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);
	const char *text =
		v && sd_json_variant_is_string(v) ? sd_json_variant_string(v) : NULL;

	return text && !strchr(text, '\n') ? text : NULL;
}

static sd_json_variant *object_of(sd_json_variant *o, const char *key)
{
	sd_json_variant *v =
		o && sd_json_variant_is_object(o) ? sd_json_variant_by_key(o, key) : NULL;

	return v && sd_json_variant_is_object(v) ? v : NULL;
}

int volume_digest(const char *json, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	_cleanup_(variant_unrefp) sd_json_variant *root = NULL;
	_cleanup_free_ char *text = NULL;
	sd_json_variant *first, *iterations;
	const char *hash, *salt, *digest;

	if (sd_json_parse(json, 0, &root, NULL, NULL) < 0)
		return -EBADMSG;
	first = object_of(object_of(root, "digests"), "0");
	if (!first)
		return -EBADMSG;
	hash = line_of(first, "hash");
	salt = line_of(first, "salt");
	digest = line_of(first, "digest");
	iterations = sd_json_variant_by_key(first, "iterations");
	if (!hash || !salt || !digest || !iterations ||
	    !sd_json_variant_is_unsigned(iterations) ||
	    sd_json_variant_unsigned(iterations) > UINT32_MAX)
		return -EBADMSG;
	/* None of the texts has a line end in it: two headers with the same text are for
	 * the same key. */
	text = xasprintf("%s\n%" PRIu64 "\n%s\n%s\n", hash,
			 sd_json_variant_unsigned(iterations), salt, digest);
	return hash_text(text, ret);
}
