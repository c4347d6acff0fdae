/* SPDX-License-Identifier: MIT */
/* Changes a root manifest: files put in, replaced, removed. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/compose.h"
#include "builder/links.h"

/* Follows manifest->entries, whose array grows by itself. */
static void add_state(struct compose *c)
{
	size_t index = c->manifest->count - 1;

	c->states = xgrow(c->states, index, &c->capacity, sizeof(*c->states));
	c->states[index] = COMPOSE_KEPT;
}

void compose_init(struct compose *c, struct manifest *m, int64_t epoch)
{
	*c = (struct compose){.manifest = m, .epoch = epoch};
	c->capacity = m->count + 1024;
	c->states = xcalloc(c->capacity, sizeof(*c->states));
	for (size_t i = 0; i < m->count; i++)
		table_add(&c->paths, m->entries[i].path, strlen(m->entries[i].path), i);
}

static size_t *find(const struct compose *c, const char *path)
{
	size_t *index = table_get(&c->paths, path, strlen(path));

	return index && c->states[*index] != COMPOSE_REMOVED ? index : NULL;
}

const struct manifest_entry *compose_find(const struct compose *c, const char *path)
{
	const size_t *index = find(c, path);

	return index ? &c->manifest->entries[*index] : NULL;
}

static bool below(const char *path, const char *folder)
{
	const char *rest = startswith(path, folder);

	return rest && *rest == '/';
}

static bool has_children(const struct compose *c, const char *folder)
{
	for (size_t i = 0; i < c->manifest->count; i++)
		if (c->states[i] == COMPOSE_KEPT &&
		    below(c->manifest->entries[i].path, folder))
			return true;
	return false;
}

static void append(struct compose *c, const struct manifest_entry *e)
{
	size_t *old = table_get(&c->paths, e->path, strlen(e->path));
	size_t index = c->manifest->count;

	manifest_add(c->manifest, e);
	add_state(c);
	if (!old) {
		const char *path = c->manifest->entries[index].path;

		table_add(&c->paths, path, strlen(path), index);
		return;
	}
	if (c->states[*old] == COMPOSE_KEPT)
		c->states[*old] = COMPOSE_REPLACED;
	*old = index;
}

static int make_parent(struct compose *c, const char *path, struct error *err)
{
	_cleanup_free_ char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	const struct manifest_entry *have;
	int r;

	if (slash == parent)
		return 0;
	*slash = 0;
	have = compose_find(c, parent);
	if (have && S_ISDIR(have->mode))
		return 0;
	if (have && S_ISLNK(have->mode))
		return fail(err, -ENOTDIR,
			    "%s can't be made: %s is a link to %s, write that "
			    "instead",
			    path, parent, have->payload);
	if (have)
		return fail(err, -ENOTDIR, "%s can't be made: %s is no directory", path,
			    parent);
	r = make_parent(c, parent, err);
	if (r < 0)
		return r;
	append(c, &(struct manifest_entry){.path = parent,
					   .mode = S_IFDIR | 0755,
					   .nlink = 2,
					   .mtime = c->epoch});
	return 0;
}

int compose_put(struct compose *c, const struct manifest_entry *e, struct error *err)
{
	const struct manifest_entry *have = compose_find(c, e->path);
	int r;

	if (have && S_ISDIR(have->mode) && !S_ISDIR(e->mode) && has_children(c, e->path))
		return fail(err, -ENOTEMPTY,
			    "%s can't be replaced: it is a directory with files in it",
			    e->path);
	r = make_parent(c, e->path, err);
	if (r < 0)
		return r;
	append(c, e);
	return 0;
}

int compose_remove(struct compose *c, const char *path, struct error *err)
{
	size_t *index = find(c, path);

	if (!index)
		return fail(err, -ENOENT, "%s can't be removed: it isn't in the root",
			    path);
	c->states[*index] = COMPOSE_REMOVED;
	for (size_t i = 0; i < c->manifest->count; i++)
		if (c->states[i] == COMPOSE_KEPT &&
		    below(c->manifest->entries[i].path, path))
			c->states[i] = COMPOSE_REMOVED;
	return 0;
}

/* The entry that a hard link was made to, whatever became of it since. */
static size_t find_original(const struct table *originals, const char *path)
{
	const size_t *index = table_get(originals, path, strlen(path));

	return index ? *index : SIZE_MAX;
}

static void give_own_file(struct compose *c, struct manifest_entry *link,
			  const struct table *originals, struct table *promoted)
{
	size_t original = find_original(originals, link->payload);
	const char *path;
	size_t *other;

	if (original == SIZE_MAX || c->states[original] == COMPOSE_KEPT)
		return;
	other = table_get(promoted, link->payload, strlen(link->payload));
	if (other) {
		link->payload = c->manifest->entries[*other].path;
		return;
	}
	table_add(promoted, link->payload, strlen(link->payload),
		  (size_t)(link - c->manifest->entries));
	path = link->path;
	*link = c->manifest->entries[original];
	link->path = path;
}

static void promote_hardlinks(struct compose *c)
{
	_cleanup_table_ struct table originals = {0}, promoted = {0};
	struct manifest *m = c->manifest;

	for (size_t i = 0; i < m->count; i++)
		if (S_ISREG(m->entries[i].mode) && !m->entries[i].hardlink)
			table_add(&originals, m->entries[i].path,
				  strlen(m->entries[i].path), i);
	for (size_t i = 0; i < m->count; i++)
		if (m->entries[i].hardlink && c->states[i] == COMPOSE_KEPT)
			give_own_file(c, &m->entries[i], &originals, &promoted);
}

void compose_finish(struct compose *c)
{
	struct manifest *m = c->manifest;
	size_t n = 0;

	promote_hardlinks(c);
	for (size_t i = 0; i < m->count; i++)
		if (c->states[i] == COMPOSE_KEPT)
			m->entries[n++] = m->entries[i];
	m->count = n;
	manifest_sort(m);
	links_count(m);
}

void compose_done(struct compose *c)
{
	table_done(&c->paths);
	free(c->states);
}
