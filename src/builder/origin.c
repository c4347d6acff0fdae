/* SPDX-License-Identifier: MIT */
/* Remembers which store file each placed inode came from. */
#include "base/alloc.h"
#include "builder/origin.h"

void origins_index(struct origins *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->list[i].entry)
			table_add(&o->find, &o->list[i].inode, sizeof(ino_t), i);
}

const struct origin *origins_find(const struct origins *o, ino_t inode)
{
	const size_t *found = table_get(&o->find, &inode, sizeof(inode));

	return found ? &o->list[*found] : NULL;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool origin_untouched(const struct origin *o, const struct stat *st)
{
	return o->inode == st->st_ino && o->size == st->st_size &&
	       same_time(&o->mtime, &st->st_mtim) && same_time(&o->ctime, &st->st_ctim);
}

void origins_done(struct origins *o)
{
	free(o->list);
	table_done(&o->find);
	*o = (struct origins){0};
}
