/* SPDX-License-Identifier: MIT */
/* Typed access to the fields of a JSON object. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/variant.h"

/* Parses the text of a token of a LUKS2 header that must be of this type. -EBADMSG when
 * it is no object, -ENOENT when it is of another type. */
int json_token(const char *text, const char *type, sd_json_variant **ret);

/* Each reads a field that may be absent: returns 1 and sets *ret, 0 when it is absent or
 * null (*ret stays), -EBADMSG when it has another type or is above `max`. A string
 * replaces (and frees) what *ret pointed to. */
int json_bool(sd_json_variant *object, const char *key, bool *ret, struct error *err);
int json_u64(sd_json_variant *object, const char *key, uint64_t max, uint64_t *ret,
	     struct error *err);
int json_string(sd_json_variant *object, const char *key, char **ret, struct error *err);
/* The value itself, borrowed; `object` or an array is demanded. */
int json_object(sd_json_variant *object, const char *key, sd_json_variant **ret,
		struct error *err);
