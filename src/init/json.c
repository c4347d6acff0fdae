/* SPDX-License-Identifier: MIT */
/* Typed access to the fields of a JSON object. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "init/json.h"

int json_token(const char *text, const char *type, sd_json_variant **ret)
{
	const char *found;

	if (variant_parse(text, "it", ret, NULL) < 0)
		return -EBADMSG;
	found = variant_text(*ret, "type");
	return found && streq(found, type) ? 0 : -ENOENT;
}

int json_bool(sd_json_variant *object, const char *key, bool *ret, struct error *err)
{
	sd_json_variant *v = variant_get(object, key);

	if (!v)
		return 0;
	if (!sd_json_variant_is_boolean(v))
		return fail(err, -EBADMSG, "\"%s\" isn't true or false", key);
	*ret = sd_json_variant_boolean(v);
	return 1;
}

int json_u64(sd_json_variant *object, const char *key, uint64_t max, uint64_t *ret,
	     struct error *err)
{
	sd_json_variant *v = variant_get(object, key);

	if (!v)
		return 0;
	if (!sd_json_variant_is_unsigned(v))
		return fail(err, -EBADMSG, "\"%s\" isn't a number", key);
	if (sd_json_variant_unsigned(v) > max)
		return fail(err, -EBADMSG, "\"%s\" is larger than %llu", key,
			    (unsigned long long)max);
	*ret = sd_json_variant_unsigned(v);
	return 1;
}

int json_string(sd_json_variant *object, const char *key, char **ret, struct error *err)
{
	sd_json_variant *v = variant_get(object, key);

	if (!v)
		return 0;
	if (!sd_json_variant_is_string(v))
		return fail(err, -EBADMSG, "\"%s\" isn't a text", key);
	free(*ret);
	*ret = xstrdup(sd_json_variant_string(v));
	return 1;
}

int json_object(sd_json_variant *object, const char *key, sd_json_variant **ret,
		struct error *err)
{
	sd_json_variant *v = variant_get(object, key);

	if (!v)
		return 0;
	if (!sd_json_variant_is_object(v))
		return fail(err, -EBADMSG, "\"%s\" isn't an object", key);
	*ret = v;
	return 1;
}
