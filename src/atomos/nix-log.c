/* SPDX-License-Identifier: MIT */
/* What Nix says while it builds, reduced to what a person wants to know. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "atomos/nix-log.h"
#include "atomos/nix.h"

/* Numbers of Nix's protocol (Nix: src/libutil/logging.hh). */
enum {
	ACTIVITY_BUILDS = 104,
	ACTIVITY_BUILD = 105,
	RESULT_BUILD_LOG_LINE = 101,
	RESULT_PROGRESS = 105,
	LEVEL_ERROR = 0,
};

/* A derivation that is being built. */
struct nix_activity {
	uint64_t id;
	char *name;
	char *last;	  /* last log line that isn't empty */
	char *reason;	  /* what dpkg says about the first package that fails */
	bool reason_open; /* the next line belongs to it */
};

/* "/nix/store/HASH-NAME.drv" becomes NAME. */
static char *derivation_name(const char *path)
{
	const char *base = strrchr(path, '/');
	const char *name = base ? strchr(base, '-') : NULL;
	size_t n;

	name = name ? name + 1 : path;
	n = strlen(name);
	if (endswith(name, ".drv"))
		n -= strlen(".drv");
	return xstrndup(name, n);
}

static void replace(char **at, char *with)
{
	free(*at);
	*at = with;
}

static struct nix_activity *find(struct nix_log *l, uint64_t id)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->activities[i].id == id)
			return &l->activities[i];
	return NULL;
}

static void start(struct nix_log *l, sd_json_variant *o, uint64_t id)
{
	uint64_t type = variant_number(o, "type");
	_cleanup_strv_ char **fields = variant_texts(o, "fields");

	if (type == ACTIVITY_BUILDS)
		l->builds = id;
	if (type != ACTIVITY_BUILD || !*fields)
		return;
	l->activities =
		xgrow(l->activities, l->count, &l->capacity, sizeof(*l->activities));
	l->activities[l->count++] =
		(struct nix_activity){.id = id, .name = derivation_name(fields[0])};
	replace(&l->current, derivation_name(fields[0]));
}

/* Without colours and the words that every error starts with. */
static char *plain_line(const char *text)
{
	return nix_error_words(text);
}

/* "dpkg: error processing package NAME (--configure):", and on the next line why. */
static void note_reason(struct nix_activity *a, const char *line)
{
	const char *package = startswith(line, "dpkg: error processing package ");

	if (a->reason_open) {
		replace(&a->reason, xasprintf("%s: %s", a->reason, line));
		a->reason_open = false;
	} else if (package && !a->reason) {
		a->reason = xasprintf("%.*s", (int)strcspn(package, " "), package);
		a->reason_open = true;
	}
}

static void build_line(struct nix_log *l, struct nix_activity *a, const char *text)
{
	_cleanup_free_ char *line = plain_line(text);
	const char *id = strstr(line, "atomos-lock-id: ");

	if (id)
		l->ids = strv_add(l->ids, id + strlen("atomos-lock-id: "));
	l->line_of = a ? a->name : "";
	if (a)
		note_reason(a, line);
	/* Behind a failed download, Nix quotes what the server has to say about it. */
	if (a && *line && !id && !(a->last && strstr(a->last, "unable to download")))
		replace(&a->last, xstrdup(line));
	replace(&l->line, TAKE_PTR(line));
}

static uint64_t number_at(sd_json_variant *list, size_t i)
{
	sd_json_variant *v = i < sd_json_variant_elements(list)
				     ? sd_json_variant_by_index(list, i)
				     : NULL;

	return v && sd_json_variant_is_unsigned(v) ? sd_json_variant_unsigned(v) : 0;
}

static void result(struct nix_log *l, sd_json_variant *o, uint64_t id)
{
	sd_json_variant *fields = variant_get(o, "fields");
	uint64_t type = variant_number(o, "type");

	if (!fields || !sd_json_variant_is_array(fields))
		return;
	if (type == RESULT_PROGRESS && id == l->builds) {
		l->done = number_at(fields, 0);
		l->expected = number_at(fields, 1);
	} else if (type == RESULT_BUILD_LOG_LINE) {
		_cleanup_strv_ char **text = variant_texts(o, "fields");

		if (*text)
			build_line(l, find(l, id), *text);
	}
}

static void note_failed_line(struct nix_log *l, const struct nix_activity *a)
{
	const char *line = a->reason ? a->reason : a->last;

	if (line)
		replace(&l->failed_line, xstrdup(line));
}

/* "builder for '/nix/store/HASH-NAME.drv' failed …" names the derivation. */
static void note_failed(struct nix_log *l, const char *words)
{
	const char *path = strstr(words, "'" STORE_DIR "/");
	_cleanup_free_ char *drv =
		path ? xstrndup(path + 1, strcspn(path + 1, "'")) : NULL;

	if (!drv || !endswith(drv, ".drv") || l->failed)
		return;
	l->failed = derivation_name(drv);
	for (size_t i = 0; i < l->count; i++)
		if (streq(l->activities[i].name, l->failed))
			note_failed_line(l, &l->activities[i]);
}

static void message(struct nix_log *l, sd_json_variant *o)
{
	const char *text = variant_text(o, "msg");
	_cleanup_free_ char *words = NULL;

	if (!text || variant_number_or(o, "level", LEVEL_ERROR + 1) != LEVEL_ERROR)
		return;
	words = nix_error_words(text);
	note_failed(l, words);
	if (!l->error)
		l->error = TAKE_PTR(words);
}

void nix_log_take(struct nix_log *l, const char *line)
{
	_cleanup_variant_ sd_json_variant *o = NULL;
	const char *json = startswith(line, "@nix "), *action;
	uint64_t id;

	replace(&l->line, NULL);
	if (!l->current)
		l->current = xstrdup("");
	if (!json || variant_parse(json, "Nix's log", &o, NULL) < 0) {
		if (!l->error && strstr(line, "error"))
			l->error = nix_error_words(line);
		return;
	}
	action = variant_text(o, "action");
	id = variant_number(o, "id");
	if (!action)
		return;
	if (streq(action, "start"))
		start(l, o, id);
	else if (streq(action, "result"))
		result(l, o, id);
	else if (streq(action, "msg"))
		message(l, o);
}

char *nix_log_failure(const struct nix_log *l)
{
	const char *error =
		l->error && *l->error ? l->error : "Nix failed without a word";

	if (l->failed && strstr(error, "hash mismatch"))
		return xasprintf(
			"The mirror's %s isn't the file that atomos.lock names: it has "
			"another content",
			l->failed);
	if (l->failed)
		return xasprintf("Building %s failed: %s", l->failed,
				 l->failed_line ? l->failed_line : error);
	return xstrdup(error);
}

void nix_log_done(struct nix_log *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->activities[i].name);
		free(l->activities[i].last);
		free(l->activities[i].reason);
	}
	free(l->activities);
	free(l->current);
	free(l->failed);
	free(l->failed_line);
	free(l->error);
	free(l->line);
	strv_free(l->ids);
	*l = (struct nix_log){0};
}
