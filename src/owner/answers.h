/* SPDX-License-Identifier: MIT */
/* Answers to the first start's questions that were given beforehand: written by
 * `atomos install --answers`, read by atomos-welcome. As a text they are a JSON object
 * with these keys, each of which may be absent: language, keymap, zone, realName, name,
 * administrator, password, recoveryKey. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/secret.h"

struct answers {
	char *language, *keymap, *zone, *real_name, *name; /* NULL: not answered */
	bool has_administrator, administrator;
	struct secret *password, *recovery; /* NULL: not answered */
};

/* Reads the keys of an object; whoever may have written it. What isn't an answer, a key
 * that isn't known, a name that can't be one: -EBADMSG with the key in the words.
 * Released by answers_done; empty on failure. */
int answers_read(sd_json_variant *object, struct answers *ret, struct error *err);
/* The same of a text. */
int answers_parse(const char *text, struct answers *ret, struct error *err);
void answers_done(struct answers *a);
#define _cleanup_answers_ _cleanup_(answers_done)

/* The text; `secrets` false: without password and recovery key. -E2BIG when it is too
 * long. */
int answers_write(const struct answers *a, bool secrets, struct secret *ret,
		  struct error *err);

/* Letters that a person's name can have, and its length: NULL, or what is wrong. */
const char *answers_real_name_odd(const char *name);
