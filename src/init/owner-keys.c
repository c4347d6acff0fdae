/* SPDX-License-Identifier: MIT */
/* Which keys an owner's disk may bring along. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/variant.h"
#include "init/owner-keys.h"

static bool in_pin(const struct pin *pin, const struct public_key *key)
{
	uint8_t hash[PIN_HASH_SIZE];

#ifdef WITHOUT_CHECK_PIN_OWNER
	return true;
#endif
	public_key_hash(key, hash);
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

/* For each of the pin's, the name of the first key with this hash, or NULL. */
static void names_of(const struct pin *pin, const struct trusted_keys *keys,
		     const char *ret[static PIN_OWNERS_MAX])
{
	memset(ret, 0, PIN_OWNERS_MAX * sizeof(*ret));
	for (size_t i = 0; i < keys->count; i++) {
		uint8_t hash[PIN_HASH_SIZE];
		int at;

		public_key_hash(&keys->keys[i], hash);
		at = pin_owner(pin, hash);
		if (at >= 0 && !ret[at])
			ret[at] = keys->keys[i].name;
	}
}

int owner_keys_list(const struct pin *pin, const struct trusted_keys *keys,
		    sd_json_variant **ret)
{
	_cleanup_variant_ sd_json_variant *list = NULL;
	const char *names[PIN_OWNERS_MAX];
	int r = sd_json_variant_new_array(&list, NULL, 0);

	names_of(pin, keys, names);
	for (size_t i = 0; i < pin->owner_count && r >= 0; i++) {
		r = sd_json_variant_append_arraybo(
			&list,
			SD_JSON_BUILD_PAIR_HEX("sha256", pin->owners[i], PIN_HASH_SIZE),
			SD_JSON_BUILD_PAIR_CONDITION(!!names[i], "name",
						     SD_JSON_BUILD_STRING(names[i])));
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(list);
	return 0;
}
