/* SPDX-License-Identifier: MIT */
/* JSON objects out of texts, and short ways to their members that may be absent. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#define _cleanup_variant_ _cleanup_(sd_json_variant_unrefp)

/* Parses a whole text that must be an object; `what` names it in the error ("it" where
 * the caller does), which has line and column. 0 or -EBADMSG. */
int variant_parse(const char *text, const char *what, sd_json_variant **ret,
		  struct error *err);

/* Any member; NULL when it is absent or null, or where `o` is NULL or no object. */
static inline sd_json_variant *variant_get(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && !sd_json_variant_is_null(v) ? v : NULL;
}

/* Owned by `o`; NULL when it is absent or no text. */
static inline const char *variant_text(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_string(v) ? sd_json_variant_string(v) : NULL;
}

static inline const char *variant_text_or(sd_json_variant *o, const char *key,
					  const char *otherwise)
{
	const char *text = variant_text(o, key);

	return text ? text : otherwise;
}

/* A copy of the text, or of `otherwise` (which may be NULL: then NULL). */
static inline char *variant_copy(sd_json_variant *o, const char *key,
				 const char *otherwise)
{
	const char *text = variant_text_or(o, key, otherwise);

	return text ? xstrdup(text) : NULL;
}

static inline uint64_t variant_number_or(sd_json_variant *o, const char *key,
					 uint64_t otherwise)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_unsigned(v) ? sd_json_variant_unsigned(v)
						   : otherwise;
}

static inline uint64_t variant_number(sd_json_variant *o, const char *key)
{
	return variant_number_or(o, key, 0);
}

static inline double variant_real(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_real(v) ? sd_json_variant_real(v) : 0;
}

static inline bool variant_true(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);

	return v && sd_json_variant_is_boolean(v) && sd_json_variant_boolean(v);
}

/* A list of texts, never NULL, the caller's; elements that are none are left out. */
static inline char **variant_texts(sd_json_variant *o, const char *key)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);
	size_t n = v && sd_json_variant_is_array(v) ? sd_json_variant_elements(v) : 0;
	char **list = xcalloc(1, sizeof(char *));

	for (size_t i = 0; i < n; i++) {
		sd_json_variant *e = sd_json_variant_by_index(v, i);

		if (sd_json_variant_is_string(e))
			list = strv_add(list, sd_json_variant_string(e));
	}
	return list;
}
