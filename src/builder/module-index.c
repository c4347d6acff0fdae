/* SPDX-License-Identifier: MIT */
/* Which kernel modules need which. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/module-index.h"

/* "kernel/fs/btrfs/btrfs.ko.xz" → "btrfs"; dashes are underscores. */
static char *module_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path,
		   *end = strstr(start, ".ko");
	char *name = end ? xstrndup(start, (size_t)(end - start)) : xstrdup(start);

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static int compare_modules(const void *a, const void *b)
{
	return strcmp(((const struct module *)a)->name, ((const struct module *)b)->name);
}

static int parse_dep(const char *text, struct module_index *m, struct error *err)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		char *colon = strchr(*l, ':');
		struct module *new;

		if (!colon)
			return fail(err, -EBADMSG, "modules.dep has the line \"%s\"", *l);
		*colon = 0;
		m->list = xgrow(m->list, m->count, &m->capacity, sizeof(*m->list));
		new = &m->list[m->count++];
		*new = (struct module){module_name(*l), xstrdup(*l),
				       strv_split(colon + 1, " ")};
	}
	if (m->count > 0)
		qsort(m->list, m->count, sizeof(*m->list), compare_modules);
	return 0;
}

static int parse_alias(const char *text, struct module_index *m, struct error *err)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		_cleanup_strv_ char **words = NULL;

		if (**l == '#')
			continue;
		words = strv_split(*l, " ");
		if (strv_length(words) < 3 || !streq(words[0], "alias"))
			return fail(err, -EBADMSG, "modules.alias has the line \"%s\"",
				    *l);
		/* Aliases of devices are looked up on the machine, not here. */
		if (strchr(words[1], ':'))
			continue;
		m->aliases = xgrow(m->aliases, m->alias_count, &m->alias_capacity,
				   sizeof(*m->aliases));
		m->aliases[m->alias_count++] =
			(struct module_alias){xstrdup(words[1]), xstrdup(words[2])};
	}
	return 0;
}

int module_index_parse(const struct module_texts *texts, struct module_index *ret,
		       struct error *err)
{
	_cleanup_module_index_ struct module_index m = {0};
	_cleanup_strv_ char **soft = strv_split(texts->softdep, "\n"),
			    **builtin = strv_split(texts->builtin, "\n");
	int r = parse_dep(texts->dep, &m, err);

	if (r == 0)
		r = parse_alias(texts->alias, &m, err);
	if (r < 0)
		return r;
	for (char **l = soft; *l; l++) {
		const char *rest = startswith(*l, "softdep ");

		if (rest)
			m.soft = strv_add(m.soft, rest);
	}
	for (char **l = builtin; *l; l++)
		m.builtin = strv_consume(m.builtin, module_name(*l));
	*ret = TAKE_AS(m, (struct module_index){0});
	return 0;
}

/* Growing sets. */

struct search {
	const struct module_index *index;
	bool *taken; /* per module of the index */
};

static void take(struct search *s, size_t i);

static void take_path(struct search *s, const char *path)
{
	_cleanup_free_ char *name = module_name(path);
	const struct module key = {.name = name},
			    *found = s->index->list
					     ? bsearch(&key, s->index->list,
						       s->index->count, sizeof(key),
						       compare_modules)
					     : NULL;

	if (found)
		take(s, (size_t)(found - s->index->list));
}

static size_t take_name(struct search *s, const char *name)
{
	_cleanup_free_ char *clean = module_name(name);
	size_t found = 0;

	for (size_t i = 0; i < s->index->count; i++)
		if (fnmatch(clean, s->index->list[i].name, 0) == 0) {
			take(s, i);
			found++;
		}
	if (found > 0)
		return found;
	for (size_t i = 0; i < s->index->alias_count; i++) {
		const struct module_alias *a = &s->index->aliases[i];

		if (fnmatch(a->pattern, name, 0) == 0) {
			take_path(s, a->name);
			found++;
		}
	}
	return found;
}

/* "NAME pre: a b post: c d": what must be there, in whatever order. */
static void take_soft(struct search *s, const char *name)
{
	for (char **l = s->index->soft; l && *l; l++) {
		_cleanup_strv_ char **words = strv_split(*l, " ");
		_cleanup_free_ char *owner = words[0] ? module_name(words[0]) : NULL;

		if (!owner || !streq(owner, name))
			continue;
		for (char **w = words + 1; *w; w++)
			if (!endswith(*w, ":"))
				(void)take_name(s, *w);
	}
}

static void take(struct search *s, size_t i)
{
	const struct module *m = &s->index->list[i];

	if (s->taken[i])
		return;
	s->taken[i] = true;
	for (char **n = m->needs; *n; n++)
		take_path(s, *n);
	take_soft(s, m->name);
}

size_t module_index_add(const struct module_index *m, const char *name, char ***paths,
			bool *ret_builtin)
{
	_cleanup_free_ bool *taken = xcalloc(m->count + 1, sizeof(*taken));
	_cleanup_free_ char *clean = module_name(name);
	struct search s = {m, taken};
	size_t found = take_name(&s, name);

	*ret_builtin = m->builtin && strv_contains(m->builtin, clean);
	for (size_t i = 0; i < m->count; i++)
		if (taken[i] && (!*paths || !strv_contains(*paths, m->list[i].path)))
			*paths = strv_add(*paths, m->list[i].path);
	strv_sort(*paths);
	return found;
}

void module_index_done(struct module_index *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->list[i].name);
		free(m->list[i].path);
		strv_free(m->list[i].needs);
	}
	for (size_t i = 0; i < m->alias_count; i++) {
		free(m->aliases[i].pattern);
		free(m->aliases[i].name);
	}
	free(m->list);
	free(m->aliases);
	strv_free(m->soft);
	strv_free(m->builtin);
	*m = (struct module_index){0};
}
