/* SPDX-License-Identifier: MIT */
/* JSON texts in and out. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "atomos/json.h"

int json_read(const char *text, const char *what, sd_json_variant **ret,
	      struct error *err)
{
	unsigned line = 0, column = 0;
	_cleanup_variant_ sd_json_variant *v = NULL;
	int r = sd_json_parse(text, 0, &v, &line, &column);

	if (r < 0)
		return fail(err, -EBADMSG, "%s isn't valid JSON (line %u, column %u)",
			    what, line, column);
	if (!sd_json_variant_is_object(v))
		return fail(err, -EBADMSG, "%s isn't a JSON object", what);
	*ret = TAKE_PTR(v);
	return 0;
}

void json_print(sd_json_variant *v)
{
	sd_json_format_flags_t flags = SD_JSON_FORMAT_NEWLINE;

	if (isatty(STDOUT_FILENO))
		flags |= SD_JSON_FORMAT_PRETTY;
	sd_json_variant_dump(v, flags, stdout, NULL);
}
