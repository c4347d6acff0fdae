/* SPDX-License-Identifier: MIT */
/* The text of atomos.lock: reading with every field checked, writing sorted. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/variant.h"
#include "atomos/lock.h"

#define LOCK_VERSION 1
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define HEX DIGITS "abcdef"
/* What is called wrong in messages; one line of context is enough to find it. */
#define FIELD_MAX 4096

static bool made_of(const char *s, const char *characters)
{
	return *s && !s[strspn(s, characters)];
}

/* Copies a string member that is made of these characters (NULL: any but control). */
static int take_string(sd_json_variant *o, const char *key, const char *characters,
		       char **ret)
{
	const char *s = variant_text(o, key);

	if (!s || !*s || strlen(s) > FIELD_MAX || (characters && !made_of(s, characters)))
		return -EBADMSG;
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c < ' ')
			return -EBADMSG;
	*ret = xstrdup(s);
	return 0;
}

static bool path_is_safe(const char *path)
{
	_cleanup_strv_ char **parts = strv_split(path, "/");

	return *path != '/' && !strv_contains(parts, "..");
}

static int take_layer(sd_json_variant *o, bool *ret_second)
{
	const char *layer = variant_text(o, "layer");

	if (!layer || (!streq(layer, "base") && !streq(layer, "second")))
		return -EBADMSG;
	*ret_second = streq(layer, "second");
	return 0;
}

static int parse_package(sd_json_variant *o, struct lock_package *p, const char **ret_bad)
{
	p->size = variant_number(o, "size");
	*ret_bad = "name";
	if (take_string(o, "name", LOWER DIGITS "+-.", &p->name) < 0)
		return -EBADMSG;
	*ret_bad = "version";
	if (take_string(o, "version", LOWER UPPER DIGITS "+-.~:", &p->version) < 0)
		return -EBADMSG;
	*ret_bad = "architecture";
	if (take_string(o, "architecture", LOWER DIGITS "-", &p->architecture) < 0)
		return -EBADMSG;
	*ret_bad = "sha256";
	if (take_string(o, "sha256", HEX, &p->sha256) < 0 || strlen(p->sha256) != 64)
		return -EBADMSG;
	*ret_bad = "size";
	if (p->size == 0)
		return -EBADMSG;
	*ret_bad = "layer";
	if (take_layer(o, &p->second) < 0)
		return -EBADMSG;
	*ret_bad = "repository";
	if (take_string(o, "repository", LOWER UPPER DIGITS "+-._", &p->repository) < 0)
		return -EBADMSG;
	*ret_bad = "path";
	if (take_string(o, "path", NULL, &p->path) < 0)
		return -EBADMSG;
	return streq(p->repository, "local") || path_is_safe(p->path) ? 0 : -EBADMSG;
}

static int parse_packages(sd_json_variant *root, const char *what, struct lock *l,
			  struct error *err)
{
	sd_json_variant *list = variant_get(root, "packages");

	if (!list || !sd_json_variant_is_array(list) ||
	    sd_json_variant_elements(list) > LOCK_PACKAGES_MAX)
		return fail(err, -EBADMSG, "%s has no list of packages", what);
	for (size_t i = 0; i < sd_json_variant_elements(list); i++) {
		struct lock_package p = {0};
		const char *bad;
		int r = parse_package(sd_json_variant_by_index(list, i), &p, &bad);

		if (r < 0) {
			fail(err, r, "%s: package %zu (%s) has no valid '%s'", what,
			     i + 1, p.name ? p.name : "?", bad);
			lock_package_done(&p);
			return r;
		}
		lock_add(l, &p);
	}
	return 0;
}

/* A number (group) or an object with id, group, home, shell (user). */
static int parse_id(sd_json_variant *v, bool user, struct lock_id *id)
{
	uint64_t number = LOCK_ID_LAST + 1, gid = 0;

	if (user) {
		number = variant_number_or(v, "id", number);
		gid = variant_number_or(v, "group", UINT32_MAX);
		if (gid >= UINT32_MAX || take_string(v, "home", NULL, &id->home) < 0 ||
		    take_string(v, "shell", NULL, &id->shell) < 0)
			return -EBADMSG;
	} else if (sd_json_variant_is_unsigned(v)) {
		number = sd_json_variant_unsigned(v);
	}
	if (number < LOCK_ID_FIRST || number > LOCK_ID_LAST)
		return -EBADMSG;
	id->id = (uint32_t)number;
	id->gid = (uint32_t)gid;
	return 0;
}

static int parse_ids(sd_json_variant *root, const char *key, struct lock_ids *ids)
{
	sd_json_variant *o = variant_get(root, key);
	size_t n = o && sd_json_variant_is_object(o) ? sd_json_variant_elements(o) : 0;

	if (n / 2 > LOCK_IDS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < n; i += 2) {
		struct lock_id *id;
		const char *name = sd_json_variant_string(sd_json_variant_by_index(o, i));

		if (!made_of(name, LOWER UPPER DIGITS "_-."))
			return -EBADMSG;
		ids->list = xgrow(ids->list, ids->count, &ids->capacity, sizeof(*id));
		id = &ids->list[ids->count++];
		*id = (struct lock_id){.name = xstrdup(name)};
		if (parse_id(sd_json_variant_by_index(o, i + 1), streq(key, "users"),
			     id) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int parse(sd_json_variant *root, const char *what, struct lock *l,
		 struct error *err)
{
	sd_json_variant *requested = variant_get(root, "requested");
	uint64_t version = variant_number(root, "version");

	if (version != LOCK_VERSION)
		return fail(err, -EBADMSG,
			    "%s has format version %" PRIu64
			    ", this atomos knows version 1; 'atomos lock --rebase' makes "
			    "it anew",
			    what, version);
	l->date = variant_number(root, "date");
	l->base = variant_texts(requested, "base");
	l->requested = variant_texts(requested, "packages");
	l->sources = variant_texts(requested, "sources");
	if (l->date == 0 || !requested)
		return fail(err, -EBADMSG, "%s has no valid '%s'", what,
			    requested ? "date" : "requested");
	if (take_string(root, "suite", LOWER DIGITS "-", &l->suite) < 0)
		return fail(err, -EBADMSG, "%s has no valid 'suite'", what);
	if (parse_ids(root, "users", &l->users) < 0)
		return fail(err, -EBADMSG, "%s has an invalid entry in 'users'", what);
	if (parse_ids(root, "groups", &l->groups) < 0)
		return fail(err, -EBADMSG, "%s has an invalid entry in 'groups'", what);
	return parse_packages(root, what, l, err);
}

/* Two packages of one name, two names of one number: the lock was edited by hand. */
static int check_unique(const struct lock *l, const char *what, struct error *err)
{
	const struct lock_ids *tables[] = {&l->users, &l->groups};

	for (size_t i = 1; i < l->count; i++)
		if (streq(l->packages[i].name, l->packages[i - 1].name))
			return fail(err, -EBADMSG, "%s has the package %s twice", what,
				    l->packages[i].name);
	for (size_t t = 0; t < ELEMENTSOF(tables); t++) {
		const char *names[LOCK_ID_LAST + 1] = {0};

		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct lock_id *id = &tables[t]->list[i];

			if (names[id->id])
				return fail(err, -EBADMSG,
					    "%s gives the number %u to both %s and %s",
					    what, id->id, names[id->id], id->name);
			names[id->id] = id->name;
		}
	}
	return 0;
}

int lock_parse(const char *text, const char *what, struct lock *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	_cleanup_lock_ struct lock l = {0};
	int r = variant_parse(text, what, &root, err);

	*ret = l;
	if (r == 0)
		r = parse(root, what, &l, err);
	if (r < 0)
		return r;
	lock_sort(&l);
	r = check_unique(&l, what, err);
	if (r < 0)
		return r;
	*ret = l;
	l = (struct lock){0};
	return 0;
}

static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		if ((unsigned char)*s < ' ')
			fprintf(out, "\\u%04x", (unsigned)*s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

static void put_member(FILE *out, const char *key, const char *value)
{
	fprintf(out, "\"%s\":", key);
	put_string(out, value);
	fputc(',', out);
}

static void put_package(FILE *out, const struct lock_package *p)
{
	fputs("{", out);
	put_member(out, "architecture", p->architecture);
	put_member(out, "layer", p->second ? "second" : "base");
	put_member(out, "name", p->name);
	put_member(out, "path", p->path);
	put_member(out, "repository", p->repository);
	put_member(out, "sha256", p->sha256);
	fprintf(out, "\"size\":%" PRIu64 ",\"version\":", p->size);
	put_string(out, p->version);
	fputs("}", out);
}

static void put_ids(FILE *out, const struct lock_ids *ids, bool users)
{
	fputs("{", out);
	for (size_t i = 0; i < ids->count; i++) {
		const struct lock_id *id = &ids->list[i];

		fputs(i ? ",\n  " : "\n  ", out);
		put_string(out, id->name);
		if (users) {
			fprintf(out, ":{\"group\":%" PRIu32 ",\"home\":", id->gid);
			put_string(out, id->home);
			fprintf(out, ",\"id\":%" PRIu32 ",\"shell\":", id->id);
			put_string(out, id->shell);
			fputs("}", out);
		} else {
			fprintf(out, ":%" PRIu32, id->id);
		}
	}
	fputs("\n }", out);
}

static void put_names(FILE *out, const char *key, char *const *names)
{
	fprintf(out, "\"%s\":[", key);
	for (char *const *n = names; n && *n; n++) {
		fputs(n == names ? "\n   " : ",\n   ", out);
		put_string(out, *n);
	}
	fputs("\n  ]", out);
}

char *lock_format(const struct lock *l)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "{\n \"date\":%" PRIu64 ",\n \"groups\":", l->date);
	put_ids(out, &l->groups, false);
	fputs(",\n \"packages\":[", out);
	for (size_t i = 0; i < l->count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		put_package(out, &l->packages[i]);
	}
	fputs("\n ],\n \"requested\":{\n  ", out);
	put_names(out, "base", l->base);
	fputs(",\n  ", out);
	put_names(out, "packages", l->requested);
	fputs(",\n  ", out);
	put_names(out, "sources", l->sources);
	fputs("\n },\n \"suite\":", out);
	put_string(out, l->suite);
	fputs(",\n \"users\":", out);
	put_ids(out, &l->users, true);
	fprintf(out, ",\n \"version\":%d\n}\n", LOCK_VERSION);
	fclose(out);
	return text;
}
