/* SPDX-License-Identifier: MIT */
/* Link counts of a manifest. */
#include <string.h>

#include "base/alloc.h"
#include "builder/links.h"
#include "builder/table.h"

static struct manifest_entry *find(struct manifest *m, const struct table *paths,
				   const char *path, size_t length)
{
	const size_t *index = table_get(paths, path, length);

	return index ? &m->entries[*index] : NULL;
}

static struct manifest_entry *find_parent(struct manifest *m, const struct table *paths,
					  const char *path)
{
	size_t length = (size_t)(strrchr(path, '/') - path);

	if (!path[1])
		return NULL;
	return length == 0 ? find(m, paths, "/", 1) : find(m, paths, path, length);
}

void links_count(struct manifest *m)
{
	_cleanup_table_ struct table paths = {0};

	for (size_t i = 0; i < m->count; i++) {
		struct manifest_entry *e = &m->entries[i];

		table_add(&paths, e->path, strlen(e->path), i);
		e->nlink = S_ISDIR(e->mode) ? 2 : 1;
	}
	for (size_t i = 0; i < m->count; i++) {
		struct manifest_entry *e = &m->entries[i], *other = NULL;

		if (S_ISDIR(e->mode))
			other = find_parent(m, &paths, e->path);
		else if (e->hardlink)
			other = find(m, &paths, e->payload, strlen(e->payload));
		if (other)
			other->nlink++;
	}
	for (size_t i = 0; i < m->count; i++) {
		struct manifest_entry *e = &m->entries[i], *first;

		first = e->hardlink ? find(m, &paths, e->payload, strlen(e->payload))
				    : NULL;
		if (first)
			e->nlink = first->nlink;
	}
}
