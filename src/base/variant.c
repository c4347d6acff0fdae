/* SPDX-License-Identifier: MIT */
/* JSON objects out of texts. Who calls this has libsystemd. */
#include <errno.h>

#include "variant.h"

int variant_parse(const char *text, const char *what, sd_json_variant **ret,
		  struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	unsigned line = 0, column = 0;

	if (sd_json_parse(text, 0, &v, &line, &column) < 0)
		return fail(err, -EBADMSG, "%s isn't valid JSON (line %u, column %u)",
			    what, line, column);
	if (!sd_json_variant_is_object(v))
		return fail(err, -EBADMSG, "%s isn't a JSON object", what);
	*ret = TAKE_PTR(v);
	return 0;
}
