/* SPDX-License-Identifier: MIT */
/* Short ways through JSON values (sd-json). */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/json.h"

int json_parse(const char *text, const char *what, sd_json_variant **ret,
	       struct error *err)
{
	unsigned line = 0, column = 0;
	_cleanup_json_ sd_json_variant *v = NULL;
	int r = sd_json_parse(text, 0, &v, &line, &column);

	if (r < 0)
		return fail(err, -EBADMSG, "%s isn't valid JSON (line %u, column %u)",
			    what, line, column);
	if (!sd_json_variant_is_object(v))
		return fail(err, -EBADMSG, "%s isn't a JSON object", what);
	*ret = TAKE_PTR(v);
	return 0;
}

sd_json_variant *json_get(sd_json_variant *o, const char *key)
{
	sd_json_variant *v;

	if (!o || !sd_json_variant_is_object(o))
		return NULL;
	v = sd_json_variant_by_key(o, key);
	return v && !sd_json_variant_is_null(v) ? v : NULL;
}

const char *json_string(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = json_get(o, key);

	return v && sd_json_variant_is_string(v) ? sd_json_variant_string(v) : NULL;
}

uint64_t json_u64(sd_json_variant *o, const char *key, uint64_t otherwise)
{
	sd_json_variant *v = json_get(o, key);

	return v && sd_json_variant_is_unsigned(v) ? sd_json_variant_unsigned(v)
						   : otherwise;
}

char **json_strings(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = json_get(o, key);
	char **list = xcalloc(1, sizeof(char *));

	if (!v || !sd_json_variant_is_array(v))
		return list;
	for (size_t i = 0; i < sd_json_variant_elements(v); i++) {
		sd_json_variant *e = sd_json_variant_by_index(v, i);

		if (sd_json_variant_is_string(e))
			list = strv_add(list, sd_json_variant_string(e));
	}
	return list;
}

void json_print(sd_json_variant *v)
{
	sd_json_format_flags_t flags = SD_JSON_FORMAT_NEWLINE;

	if (isatty(STDOUT_FILENO))
		flags |= SD_JSON_FORMAT_PRETTY;
	sd_json_variant_dump(v, flags, stdout, NULL);
}
