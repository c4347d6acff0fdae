/* SPDX-License-Identifier: MIT */
/* Which file of which store path goes where in the root. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/load-plan.h"

static int compare_infos(const void *a, const void *b)
{
	return strcmp(((const struct path_plan *)a)->info->base,
		      ((const struct path_plan *)b)->info->base);
}

static struct path_plan *find_prefix(const struct plan *p, const char *base,
				     size_t length)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = p->paths[middle].info->base;
		int r = strncmp(other, base, length);

		if (r == 0 && !other[length])
			return &p->paths[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct path_plan *plan_find(const struct plan *p, const char *base)
{
	return find_prefix(p, base, strlen(base));
}

static bool comes_from_store(const struct manifest_entry *e)
{
	return !e->hardlink && S_ISREG(e->mode) && e->payload;
}

static int compare_placements(const void *a, const void *b)
{
	return manifest_compare_paths(((const struct placement *)a)->source,
				      ((const struct placement *)b)->source);
}

/* A package's files mostly lie in the root as in the package: sorted already. */
static void sort_path(struct path_plan *path)
{
	for (size_t i = 1; i < path->count; i++)
		if (compare_placements(&path->list[i - 1], &path->list[i]) > 0) {
			qsort(path->list, path->count, sizeof(*path->list),
			      compare_placements);
			return;
		}
}

/* Finds the path of each file, which is counted there. */
static int assign(struct plan *p, const struct manifest *m, struct path_plan **owners,
		  struct error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];
		size_t length;

		if (!comes_from_store(e))
			continue;
		length = manifest_payload_base(e->payload);
		owners[i] = find_prefix(p, e->payload, length);
		if (owners[i]) {
			owners[i]->count++;
			continue;
		}
#ifndef WITHOUT_CHECK_MANIFEST_CLOSURE
		return fail(err, -EBADMSG,
			    "%s comes from " STORE_DIR
			    "/%s, which is not in the signed closure",
			    e->path, e->payload);
#endif
	}
	return 0;
}

static void distribute(struct plan *p, const struct manifest *m,
		       struct path_plan **owners)
{
	struct placement *next;
	size_t total = 0;

	for (size_t i = 0; i < p->count; i++)
		total += p->paths[i].count;
	p->all = next = xcalloc(total, sizeof(*p->all));
	for (size_t i = 0; i < p->count; i++) {
		p->paths[i].list = next;
		next += p->paths[i].count;
		p->paths[i].count = 0;
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];
		struct path_plan *path = owners[i];

		if (path)
			path->list[path->count++] = (struct placement){
				e, e->payload + strlen(path->info->base) + 1, false};
	}
}

int plan_make(struct plan *p, const struct manifest *m,
	      const struct trusted_closure *closure, struct error *err)
{
	_cleanup_free_ struct path_plan **owners = xcalloc(m->count, sizeof(*owners));
	int r;

	*p = (struct plan){.paths = xcalloc(closure->count, sizeof(*p->paths)),
			   .count = closure->count};
	for (size_t i = 0; i < closure->count; i++)
		p->paths[i].info = closure->paths[i].info;
	qsort(p->paths, p->count, sizeof(*p->paths), compare_infos);
	r = assign(p, m, owners, err);
	if (r < 0)
		return r;
	distribute(p, m, owners);
	for (size_t i = 0; i < p->count; i++)
		sort_path(&p->paths[i]);
	return 0;
}

void plan_done(struct plan *p)
{
	free(p->paths);
	free(p->all);
	*p = (struct plan){0};
}
