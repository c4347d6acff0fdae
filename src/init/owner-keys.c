/* SPDX-License-Identifier: MIT */
/* Which keys an owner's disk may bring along. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "core/hash.h"
#include "init/json.h"
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

static const char *name_of(const struct trusted_keys *keys, const uint8_t *hash)
{
	uint8_t other[PIN_HASH_SIZE];

	for (size_t i = 0; i < keys->count; i++) {
		sha256_buffer(keys->keys[i].bytes, PUBLIC_KEY_SIZE, other);
		if (memcmp(other, hash, PIN_HASH_SIZE) == 0)
			return keys->keys[i].name;
	}
	return NULL;
}

int owner_keys_list(const struct pin *pin, const struct trusted_keys *keys,
		    sd_json_variant **ret)
{
	_cleanup_variant_ sd_json_variant *list = NULL;
	int r = sd_json_variant_new_array(&list, NULL, 0);

	for (size_t i = 0; i < pin->owner_count && r >= 0; i++) {
		const char *name = name_of(keys, pin->owners[i]);

		r = sd_json_variant_append_arraybo(
			&list,
			SD_JSON_BUILD_PAIR_HEX("sha256", pin->owners[i], PIN_HASH_SIZE),
			SD_JSON_BUILD_PAIR_CONDITION(!!name, "name",
						     SD_JSON_BUILD_STRING(name)));
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(list);
	return 0;
}
