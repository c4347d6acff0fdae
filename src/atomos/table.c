/* SPDX-License-Identifier: MIT */
/* The list of verbs: adding one is one line here. */
#include <stddef.h>

#include "atomos/verb.h"

const struct verb *const verbs[] = {
	&verb_new,  &verb_lock,	   &verb_build,	 &verb_image,  &verb_run,    &verb_verify,
	&verb_keys, &verb_install, &verb_status, &verb_enroll, &verb_passwd, NULL,
};

const struct verb_option global_options[] = {
	{"help", 'h', NULL, "show this help"},
	{"version", 0, NULL, "show the version"},
	{"quiet", 'q', NULL, "no progress, no remarks"},
	{"json", 0, NULL, "print the result as JSON"},
	{0},
};
