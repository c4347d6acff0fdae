/* SPDX-License-Identifier: MIT */
/* Short ways through JSON values (sd-json): typed access with words for what is wrong. */
#pragma once

#include <stdint.h>

#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/macro.h"

#define _cleanup_json_ _cleanup_(sd_json_variant_unrefp)

/* Parses a text; `what` names it in the error, which has line and column. */
int json_parse(const char *text, const char *what, sd_json_variant **ret,
	       struct error *err);

/* The member of an object, or NULL when absent or null, or when `o` is NULL or no object.
 */
sd_json_variant *json_get(sd_json_variant *o, const char *key);
/* As above for a string, owned by `o`. */
const char *json_string(sd_json_variant *o, const char *key);
/* A non-negative number; `otherwise` when absent or no such number. */
uint64_t json_u64(sd_json_variant *o, const char *key, uint64_t otherwise);
/* A list of strings, never NULL; elements that aren't strings are left out. */
char **json_strings(sd_json_variant *o, const char *key);

/* Prints to stdout, with a line end; indented for a terminal. */
void json_print(sd_json_variant *v);
