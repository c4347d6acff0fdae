/* SPDX-License-Identifier: MIT */
/* Answers to the first start's questions that were given beforehand. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/macro.h"
#include "base/str.h"
#include "base/variant.h"
#include "owner/account.h"
#include "owner/answers.h"
#include "core/recovery-key.h"

#define REAL_NAME_MAX 64
#define PLACE_MAX 64

void answers_done(struct answers *a)
{
	free(a->language);
	free(a->keymap);
	free(a->zone);
	free(a->real_name);
	free(a->name);
	secret_free(a->password);
	secret_free(a->recovery);
	*a = (struct answers){0};
}

const char *answers_real_name_odd(const char *name)
{
	if (strlen(name) > REAL_NAME_MAX)
		return "That name is too long.";
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr(":,=\"\\", *c))
			return "A name can't contain : , = \" or \\.";
	return NULL;
}

/* Of languages, keymaps and zones: nothing that leads anywhere else. */
static const char *place_odd(const char *name)
{
	if (!*name || strlen(name) > PLACE_MAX || strstr(name, "..") || *name == '/' ||
	    *name == '-')
		return "it isn't such a name";
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.+@/", *c))
			return "it isn't such a name";
	return NULL;
}

static const char *login_odd(const char *name)
{
	const char *why = NULL;

	return account_name_good(name, &why) ? NULL : why;
}

/* -EBADMSG when it is there and no text, or an odd one; *ret stays NULL without it. */
static int take_text(sd_json_variant *o, const char *key,
		     const char *(*odd)(const char *text), char **ret, struct error *err)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);
	const char *text, *why;

	if (!v || sd_json_variant_is_null(v))
		return 0;
	text = sd_json_variant_is_string(v) ? sd_json_variant_string(v) : NULL;
	why = text ? odd(text) : "it isn't a text";
	if (why)
		return fail(err, -EBADMSG, "\"%s\" can't be used: %.*s", key,
			    (int)(strlen(why) - (endswith(why, ".") ? 1 : 0)), why);
	*ret = xstrdup(text);
	return 0;
}

static int take_secret(sd_json_variant *o, const char *key, size_t max,
		       struct secret **ret, struct error *err)
{
	sd_json_variant *v = sd_json_variant_by_key(o, key);
	const char *text;

	if (!v || sd_json_variant_is_null(v))
		return 0;
	text = sd_json_variant_is_string(v) ? sd_json_variant_string(v) : "";
	if (!*text || strlen(text) > max)
		return fail(err, -EBADMSG, "\"%s\" isn't a text of 1 to %zu bytes", key,
			    max);
	*ret = secret_of(text);
	return 0;
}

static int take_recovery(sd_json_variant *o, struct answers *a, struct error *err)
{
	int r = take_secret(o, "recoveryKey", 2 * RECOVERY_LENGTH, &a->recovery, err);

	if (r == 0 && a->recovery && recovery_key_normalise(a->recovery) < 0)
		r = fail(err, -EBADMSG, "\"recoveryKey\" isn't a recovery key");
	return r;
}

static int take_administrator(sd_json_variant *o, struct answers *a, struct error *err)
{
	sd_json_variant *v = sd_json_variant_by_key(o, "administrator");

	if (!v || sd_json_variant_is_null(v))
		return 0;
	if (!sd_json_variant_is_boolean(v))
		return fail(err, -EBADMSG, "\"administrator\" is neither true nor false");
	a->has_administrator = true;
	a->administrator = sd_json_variant_boolean(v);
	return 0;
}

/* A slip of the pen mustn't lead to a question that nobody answers. */
static int check_keys(sd_json_variant *o, struct error *err)
{
	static const char *const known[] = {"language", "keymap",     "zone",
					    "realName", "name",	      "administrator",
					    "password", "recoveryKey"};

	for (size_t i = 0; i < sd_json_variant_elements(o); i += 2) {
		const char *key = sd_json_variant_string(sd_json_variant_by_index(o, i));
		bool found = false;

		for (size_t k = 0; k < ELEMENTSOF(known); k++)
			found |= streq(key, known[k]);
		if (!found)
			return fail(err, -EBADMSG, "\"%.64s\" answers no question", key);
	}
	return 0;
}

static int read_all(sd_json_variant *o, struct answers *a, struct error *err)
{
	int r = check_keys(o, err);

	if (r == 0)
		r = take_text(o, "language", place_odd, &a->language, err);
	if (r == 0)
		r = take_text(o, "keymap", place_odd, &a->keymap, err);
	if (r == 0)
		r = take_text(o, "zone", place_odd, &a->zone, err);
	if (r == 0)
		r = take_text(o, "realName", answers_real_name_odd, &a->real_name, err);
	if (r == 0)
		r = take_text(o, "name", login_odd, &a->name, err);
	if (r == 0)
		r = take_administrator(o, a, err);
	if (r == 0)
		r = take_secret(o, "password", ACCOUNT_PASSWORD_MAX, &a->password, err);
	return r < 0 ? r : take_recovery(o, a, err);
}

int answers_read(sd_json_variant *object, struct answers *ret, struct error *err)
{
	int r;

	*ret = (struct answers){0};
	if (!sd_json_variant_is_object(object))
		return fail(err, -EBADMSG, "it isn't a JSON object");
	r = read_all(object, ret, err);
	if (r < 0)
		answers_done(ret);
	return r;
}

int answers_parse(const char *text, struct answers *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;

	*ret = (struct answers){0};
	/* Its copies are wiped when they are released. */
	if (sd_json_parse(text, SD_JSON_PARSE_SENSITIVE, &v, NULL, NULL) < 0)
		return fail(err, -EBADMSG, "it isn't a JSON object");
	return answers_read(v, ret, err);
}

static int build(const struct answers *a, bool secrets, sd_json_variant **ret)
{
	const struct secret *password = secrets ? a->password : NULL,
			    *recovery = secrets ? a->recovery : NULL;

	return sd_json_buildo(
		ret,
		SD_JSON_BUILD_PAIR_CONDITION(a->language != NULL, "language",
					     SD_JSON_BUILD_STRING(a->language)),
		SD_JSON_BUILD_PAIR_CONDITION(a->keymap != NULL, "keymap",
					     SD_JSON_BUILD_STRING(a->keymap)),
		SD_JSON_BUILD_PAIR_CONDITION(a->zone != NULL, "zone",
					     SD_JSON_BUILD_STRING(a->zone)),
		SD_JSON_BUILD_PAIR_CONDITION(a->real_name != NULL, "realName",
					     SD_JSON_BUILD_STRING(a->real_name)),
		SD_JSON_BUILD_PAIR_CONDITION(a->name != NULL, "name",
					     SD_JSON_BUILD_STRING(a->name)),
		SD_JSON_BUILD_PAIR_CONDITION(a->has_administrator, "administrator",
					     SD_JSON_BUILD_BOOLEAN(a->administrator)),
		SD_JSON_BUILD_PAIR_CONDITION(
			password != NULL, "password",
			SD_JSON_BUILD_STRING(password ? password->data : NULL)),
		SD_JSON_BUILD_PAIR_CONDITION(
			recovery != NULL, "recoveryKey",
			SD_JSON_BUILD_STRING(recovery ? recovery->data : NULL)));
}

int answers_write(const struct answers *a, bool secrets, struct secret *ret,
		  struct error *err)
{
	_cleanup_variant_ sd_json_variant *v = NULL;
	char *text = NULL;
	int r = build(a, secrets, &v);

	if (r >= 0) {
		sd_json_variant_sensitive(v);
		r = sd_json_variant_format(v, 0, &text);
	}
	if (r >= 0 && strlen(text) > SECRET_MAX)
		r = -E2BIG;
	if (r >= 0) {
		ret->size = strlen(text);
		memcpy(ret->data, text, ret->size + 1);
	}
	if (text)
		wipe(text, strlen(text));
	free(text);
	return r < 0 ? fail(err, r, "The answers can't be written down: %s", strerror(-r))
		     : 0;
}
