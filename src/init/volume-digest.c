/* SPDX-License-Identifier: MIT */
/* Which volume key a LUKS2 header is for. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "init/json.h"
#include "init/volume-digest.h"

static int hash_text(const char *text, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	size_t size;

	return EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), ret, &size) ? 0
										  : -EIO;
}

int volume_digest(const char *json, uint8_t ret[static VOLUME_DIGEST_SIZE])
{
	_cleanup_(json_unrefp) sd_json_variant *root = NULL;
	_cleanup_free_ char *hash = NULL, *salt = NULL, *digest = NULL, *text = NULL;
	sd_json_variant *digests = NULL, *first = NULL;
	uint64_t iterations;
	int r = json_parse(json, &root, NULL);

	if (r == 0)
		r = json_object(root, "digests", &digests, NULL);
	if (r > 0)
		r = json_object(digests, "0", &first, NULL);
	if (r <= 0 || json_string(first, "hash", &hash, NULL) <= 0 ||
	    json_string(first, "salt", &salt, NULL) <= 0 ||
	    json_string(first, "digest", &digest, NULL) <= 0 ||
	    json_u64(first, "iterations", UINT32_MAX, &iterations, NULL) <= 0)
		return -EBADMSG;
	/* None of the texts has a line end in it: two headers with the same text are for
	 * the same key. */
	if (strchr(hash, '\n') || strchr(salt, '\n') || strchr(digest, '\n'))
		return -EBADMSG;
	text = xasprintf("%s\n%" PRIu64 "\n%s\n%s\n", hash, iterations, salt, digest);
	return hash_text(text, ret);
}
