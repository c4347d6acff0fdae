/* SPDX-License-Identifier: MIT */
/* JSON texts in and out, with words for what is wrong; base/variant.h has the ways to
 * what is in them. */
#pragma once

#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/variant.h"

/* Parses a text that must be an object; `what` names it in the error, which has line and
 * column. */
int json_read(const char *text, const char *what, sd_json_variant **ret,
	      struct error *err);

/* Prints to stdout, with a line end; indented for a terminal. */
void json_print(sd_json_variant *v);
