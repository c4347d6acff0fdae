/* SPDX-License-Identifier: MIT */
/* Which volume key a LUKS2 header is for. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/variant.h"
#include "core/hash.h"
#include "init/volume-digest.h"

/* NULL when it is absent, or no text of one line. */
static const char *line_of(sd_json_variant *o, const char *key)
{
	const char *text = variant_text(o, key);

	return text && !strchr(text, '\n') ? text : NULL;
}

int volume_digest(const char *json, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	_cleanup_free_ char *text = NULL;
	sd_json_variant *first;
	uint64_t iterations;
	const char *hash, *salt, *digest;

	if (sd_json_parse(json, 0, &root, NULL, NULL) < 0)
		return -EBADMSG;
	first = variant_get(variant_get(root, "digests"), "0");
	hash = line_of(first, "hash");
	salt = line_of(first, "salt");
	digest = line_of(first, "digest");
	iterations = variant_number_or(first, "iterations", UINT64_MAX);
	if (!hash || !salt || !digest || iterations > UINT32_MAX)
		return -EBADMSG;
	/* None of the texts has a line end in it: two headers with the same text are for
	 * the same key. */
	text = xasprintf("%s\n%" PRIu64 "\n%s\n%s\n", hash, iterations, salt, digest);
	sha256_buffer(text, strlen(text), ret);
	return 0;
}
