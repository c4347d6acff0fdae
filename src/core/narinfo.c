/* SPDX-License-Identifier: MIT */
/* Store paths as Nix describes them, and the closure of a system. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/base32.h"
#include "core/narinfo.h"

void path_info_done(struct path_info *p)
{
	free(p->base);
	strv_free(p->references);
	strv_free(p->signatures);
	*p = (struct path_info){0};
}

void closure_done(struct closure *c)
{
	for (size_t i = 0; i < c->count; i++)
		path_info_done(&c->paths[i]);
	free(c->paths);
	*c = (struct closure){0};
}

void closure_add(struct closure *c, struct path_info *p, size_t *capacity)
{
	c->paths = xgrow(c->paths, c->count, capacity, sizeof(*c->paths));
	c->paths[c->count++] = TAKE_AS(*p, (struct path_info){0});
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct path_info *)a)->base,
		      ((const struct path_info *)b)->base);
}

int closure_sort(struct closure *c, struct error *err)
{
	if (c->count > 0)
		qsort(c->paths, c->count, sizeof(*c->paths), compare_paths);
	for (size_t i = 1; i < c->count; i++)
		if (streq(c->paths[i - 1].base, c->paths[i].base))
			return fail(err, -EEXIST, STORE_DIR "/%s is described twice",
				    c->paths[i].base);
	return 0;
}

const struct path_info *closure_find(const struct closure *c, const char *base)
{
	struct path_info key = {.base = (char *)base};

	if (c->count == 0)
		return NULL;
	return bsearch(&key, c->paths, c->count, sizeof(*c->paths), compare_paths);
}

/* Parsing. */

struct stanza {
	struct path_info info;
	size_t line, reference_count, signature_count;
	bool has_hash, has_size, has_references;
};

static void stanza_done(struct stanza *s)
{
	path_info_done(&s->info);
}

static int parse_store_path(struct stanza *s, const char *value)
{
	const char *base = startswith(value, STORE_DIR "/");

	if (s->info.base || !base || !store_base_valid(base))
		return -EINVAL;
	s->info.base = xstrdup(base);
	return 0;
}

static int parse_nar_hash(struct stanza *s, const char *value)
{
	const char *digits = startswith(value, "sha256:");

	if (s->has_hash || !digits || strlen(digits) != BASE32_LENGTH(SHA256_SIZE))
		return -EINVAL;
	s->has_hash = true;
	return base32_decode(digits, s->info.nar_hash, SHA256_SIZE);
}

static int parse_nar_size(struct stanza *s, const char *value)
{
	if (s->has_size || parse_u64(value, &s->info.nar_size) < 0 ||
	    s->info.nar_size > INT64_MAX)
		return -EINVAL;
	s->has_size = true;
	return 0;
}

static int parse_references(struct stanza *s, const char *value)
{
	char **list;
	size_t count;

	if (s->has_references)
		return -EINVAL;
	s->has_references = true;
	list = strv_split(value, " ");
	strv_free(s->info.references);
	s->info.references = list;
	count = strv_length(list);
	if (count > PATH_REFERENCES_MAX)
		return -E2BIG;
	strv_sort(list);
	for (size_t i = 0; i < count; i++)
		if (!store_base_valid(list[i]) || (i > 0 && streq(list[i - 1], list[i])))
			return -EINVAL;
	return 0;
}

static int parse_signature(struct stanza *s, const char *value)
{
	if (++s->signature_count > PATH_SIGNATURES_MAX || !strchr(value, ':'))
		return -EINVAL;
	s->info.signatures = strv_add(s->info.signatures, value);
	return 0;
}

static int parse_content_address(struct stanza *s, const char *value)
{
	if (s->info.content_addressed || !*value)
		return -EINVAL;
	s->info.content_addressed = true;
	return 0;
}

static int ignore_field(struct stanza *s, const char *value)
{
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct stanza *s, const char *value);
} fields[] = {
	{"StorePath", parse_store_path}, {"NarHash", parse_nar_hash},
	{"NarSize", parse_nar_size},	 {"References", parse_references},
	{"Sig", parse_signature},	 {"CA", parse_content_address},
	{"Deriver", ignore_field},	 {"URL", ignore_field},
	{"Compression", ignore_field},	 {"FileHash", ignore_field},
	{"FileSize", ignore_field},
};

static int parse_field(struct stanza *s, char *line, size_t number, struct error *err)
{
	char *value = strchr(line, ':');

	if (!value || (value[1] != ' ' && value[1]))
		return fail(err, -EINVAL,
			    "Line %zu of the closure file isn't \"Field: value\"",
			    number);
	*value++ = 0;
	if (*value == ' ')
		value++;
	for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
		if (!streq(line, fields[i].name))
			continue;
		if (fields[i].parse(s, value) < 0)
			return fail(err, -EINVAL,
				    "Line %zu of the closure file has no valid %s%s%s",
				    number, line, s->info.base ? ": " STORE_DIR "/" : "",
				    s->info.base ? s->info.base : "");
		return 0;
	}
	return fail(err, -EINVAL,
		    "Line %zu of the closure file has the unknown field %.40s", number,
		    line);
}

static int finish_stanza(struct stanza *s, struct closure *c, size_t *capacity,
			 struct error *err)
{
	struct path_info *p = &s->info;

	if (!p->base || !s->has_hash || !s->has_size)
		return fail(err, -EINVAL,
			    "The closure file's entry at line %zu lacks StorePath, "
			    "NarHash or NarSize",
			    s->line);
	if (c->count == CLOSURE_PATHS_MAX)
		return fail(err, -E2BIG, "The closure file has more than %u paths",
			    CLOSURE_PATHS_MAX);
	if (!p->references)
		p->references = xcalloc(1, sizeof(char *));
	if (!p->signatures)
		p->signatures = xcalloc(1, sizeof(char *));
	closure_add(c, p, capacity);
	*s = (struct stanza){0};
	return 0;
}

static int parse_lines(char *text, struct closure *c, struct error *err)
{
	_cleanup_(stanza_done) struct stanza s = {0};
	size_t number = 0, capacity = 0;
	int r = 0;

	for (char *line = text, *next; line && r == 0; line = next) {
		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (*line) {
			s.line = s.line ? s.line : number;
			r = parse_field(&s, line, number, err);
		} else if (s.line) {
			r = finish_stanza(&s, c, &capacity, err);
		}
	}
	if (r == 0 && s.line)
		r = finish_stanza(&s, c, &capacity, err);
	return r;
}

int closure_parse(const char *text, size_t size, struct closure *ret, struct error *err)
{
	_cleanup_closure_ struct closure c = {0};
	_cleanup_free_ char *copy = NULL;
	int r;

	*ret = c;
	if (size > CLOSURE_TEXT_MAX)
		return fail(err, -EFBIG, "The closure file is larger than %u MiB",
			    CLOSURE_TEXT_MAX >> 20);
	if (memchr(text, 0, size))
		return fail(err, -EINVAL, "The closure file isn't text");
	copy = xstrndup(text, size);
	r = parse_lines(copy, &c, err);
	if (r == 0)
		r = closure_sort(&c, err);
	if (r < 0)
		return r;
	*ret = TAKE_AS(c, (struct closure){0});
	return 0;
}

static void format_path(FILE *f, const struct path_info *p)
{
	char hash[BASE32_LENGTH(SHA256_SIZE) + 1];
	_cleanup_free_ char *references = strv_join(p->references, " ");

	base32_encode(p->nar_hash, SHA256_SIZE, hash);
	fprintf(f, "StorePath: " STORE_DIR "/%s\nNarHash: sha256:%s\nNarSize: %llu\n",
		p->base, hash, (unsigned long long)p->nar_size);
	fprintf(f, "References: %s\n", references);
	for (char **s = p->signatures; s && *s; s++)
		fprintf(f, "Sig: %s\n", *s);
	if (p->content_addressed)
		fputs("CA: yes\n", f);
}

char *closure_format(const struct closure *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f && i < c->count; i++) {
		if (i > 0)
			fputc('\n', f);
		format_path(f, &c->paths[i]);
	}
	if (!f || fclose(f) != 0)
		abort();
	return text;
}

char *path_info_fingerprint(const struct path_info *p)
{
	char hash[BASE32_LENGTH(SHA256_SIZE) + 1];
	_cleanup_free_ char *references = strv_join(p->references, "," STORE_DIR "/");

	base32_encode(p->nar_hash, SHA256_SIZE, hash);
	return xasprintf("1;" STORE_DIR "/%s;sha256:%s;%llu;%s%s", p->base, hash,
			 (unsigned long long)p->nar_size,
			 *references ? STORE_DIR "/" : "", references);
}
