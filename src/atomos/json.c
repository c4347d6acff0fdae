/* SPDX-License-Identifier: MIT */
/* JSON texts out. */
#include <stdio.h>
#include <unistd.h>

#include "atomos/json.h"

void json_print(sd_json_variant *v)
{
	sd_json_format_flags_t flags = SD_JSON_FORMAT_NEWLINE;

	if (isatty(STDOUT_FILENO))
		flags |= SD_JSON_FORMAT_PRETTY;
	sd_json_variant_dump(v, flags, stdout, NULL);
}
