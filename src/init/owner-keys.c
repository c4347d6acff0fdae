/* SPDX-License-Identifier: MIT */
/* Which keys an owner's disk may bring along. */
#include <errno.h>

#include "base/str.h"
#include "core/hash.h"
#include "init/owner-keys.h"

static bool in_pin(const struct pin *pin, const struct public_key *key)
{
	uint8_t hash[PIN_HASH_SIZE];

#ifdef WITHOUT_CHECK_PIN_OWNER
	return true;
#endif
	sha256_buffer(key->bytes, sizeof(key->bytes), hash);
	return pin_owner(pin, hash) >= 0;
}

int owner_keys_add(struct trusted_keys *keys, const char *text, size_t size,
		   const struct pin *pin, char ***ret_refused, struct error *err)
{
	_cleanup_trusted_keys_ struct trusted_keys found = {0};
	char **refused = NULL;
	int r = trusted_keys_parse(text, size, &found, err);

	*ret_refused = NULL;
	if (r < 0)
		return r;
	if (keys->count + found.count > TRUSTED_KEYS_MAX)
		return fail(err, -E2BIG, "More than %d trusted keys", TRUSTED_KEYS_MAX);
	for (size_t i = 0; i < found.count; i++) {
		const struct public_key *k = &found.keys[i];

		/* A sentence that names a key must mean one. */
		if (in_pin(pin, k) && !trusted_keys_find(keys, k->name))
			trusted_keys_add(keys, k);
		else
			refused = strv_add(refused, k->name);
	}
	*ret_refused = refused;
	return 0;
}
