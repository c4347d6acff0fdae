/* SPDX-License-Identifier: MIT */
/* atomos.lock as a value: adding, sorting, comparing, loading, saving. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/lock.h"

/* Packages named in a line about changes; the rest is counted. */
#define NAMED_MAX 6

void lock_package_done(struct lock_package *p)
{
	free(p->name);
	free(p->version);
	free(p->architecture);
	free(p->sha256);
	free(p->repository);
	free(p->path);
	*p = (struct lock_package){0};
}

static void ids_done(struct lock_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++) {
		free(ids->list[i].name);
		free(ids->list[i].home);
		free(ids->list[i].shell);
	}
	free(ids->list);
}

void lock_done(struct lock *l)
{
	for (size_t i = 0; i < l->count; i++)
		lock_package_done(&l->packages[i]);
	free(l->packages);
	ids_done(&l->users);
	ids_done(&l->groups);
	strv_free(l->base);
	strv_free(l->requested);
	strv_free(l->sources);
	free(l->suite);
	*l = (struct lock){0};
}

void lock_add(struct lock *l, struct lock_package *p)
{
	l->packages = xgrow(l->packages, l->count, &l->capacity, sizeof(*p));
	l->packages[l->count++] = *p;
	*p = (struct lock_package){0};
}

static int compare_packages(const void *a, const void *b)
{
	const struct lock_package *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : strcmp(x->architecture, y->architecture);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct lock_id *)a)->name,
		      ((const struct lock_id *)b)->name);
}

static void sort_ids(struct lock_ids *ids)
{
	if (ids->count)
		qsort(ids->list, ids->count, sizeof(*ids->list), compare_ids);
}

void lock_sort(struct lock *l)
{
	if (l->count)
		qsort(l->packages, l->count, sizeof(*l->packages), compare_packages);
	strv_sort(l->base);
	strv_sort(l->requested);
	strv_sort(l->sources);
	sort_ids(&l->users);
	sort_ids(&l->groups);
}

const struct lock_package *lock_find(const struct lock *l, const char *name)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = strcmp(name, l->packages[middle].name);

		if (r == 0)
			return &l->packages[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void copy_ids(struct lock_ids *to, const struct lock_ids *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct lock_id *id = &from->list[i];

		to->list = xgrow(to->list, to->count, &to->capacity, sizeof(*id));
		to->list[to->count++] = (struct lock_id){
			.name = xstrdup(id->name),
			.id = id->id,
			.gid = id->gid,
			.home = id->home ? xstrdup(id->home) : NULL,
			.shell = id->shell ? xstrdup(id->shell) : NULL,
		};
	}
}

void lock_copy_ids(struct lock *to, const struct lock *from)
{
	copy_ids(&to->users, &from->users);
	copy_ids(&to->groups, &from->groups);
}

/* Words for what happened to one package, or NULL. */
static char *package_difference(const struct lock_package *old,
				const struct lock_package *new)
{
	if (!old)
		return xasprintf("%s %s added", new->name, new->version);
	if (!new)
		return xasprintf("%s removed", old->name);
	if (!streq(old->version, new->version))
		return xasprintf("%s %s → %s", new->name, old->version, new->version);
	if (!streq(old->sha256, new->sha256))
		return xasprintf("%s has another content", new->name);
	if (old->second != new->second)
		return xasprintf("%s moved to the %s layer", new->name,
				 new->second ? "second" : "base");
	return NULL;
}

/* The next pair in the merge of two sorted lists. */
static char *next_difference(const struct lock *old, const struct lock *new, size_t *i,
			     size_t *j)
{
	const struct lock_package *a = *i < old->count ? &old->packages[*i] : NULL;
	const struct lock_package *b = *j < new->count ? &new->packages[*j] : NULL;
	int r = !a ? 1 : !b ? -1 : compare_packages(a, b);

	if (r <= 0)
		(*i)++;
	if (r >= 0)
		(*j)++;
	return package_difference(r <= 0 ? a : NULL, r >= 0 ? b : NULL);
}

char *lock_difference(const struct lock *old, const struct lock *new)
{
	_cleanup_strv_ char **named = NULL;
	_cleanup_free_ char *joined = NULL;
	size_t i = 0, j = 0, count = 0;

	while (i < old->count || j < new->count) {
		_cleanup_free_ char *words = next_difference(old, new, &i, &j);

		if (words && ++count <= NAMED_MAX)
			named = strv_add(named, words);
	}
	if (count == 0)
		return NULL;
	joined = strv_join(named, ", ");
	return xasprintf("%zu package%s changed: %s%s", count, count == 1 ? "" : "s",
			 joined, count > NAMED_MAX ? ", …" : "");
}

int lock_load(const char *path, struct lock *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, path, LOCK_TEXT_MAX, &text, &size);

	*ret = (struct lock){0};
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return fail(err, r, "Can't read %s: %s", path, strerror(-r));
	return lock_parse(text, path, ret, err);
}

int lock_save(const char *path, const struct lock *l, struct error *err)
{
	_cleanup_free_ char *text = lock_format(l);
	int r = write_file_at(AT_FDCWD, path, text, strlen(text), 0644);

	if (r < 0)
		return fail(err, r, "Can't write %s: %s", path, strerror(-r));
	return 0;
}
