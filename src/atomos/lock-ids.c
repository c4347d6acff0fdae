/* SPDX-License-Identifier: MIT */
/* Numbers of system users and groups that a build found missing in the lock. */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/lock-ids.h"

static int add(struct lock_ids *ids, struct lock_id *id, struct error *err)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (streq(ids->list[i].name, id->name))
			return 0;
		if (ids->list[i].id == id->id)
			return fail(err, -EEXIST,
				    "The lock has %u as the number of %s, so %s can't "
				    "have it",
				    id->id, ids->list[i].name, id->name);
	}
	ids->list = xgrow(ids->list, ids->count, &ids->capacity, sizeof(*id));
	ids->list[ids->count++] = (struct lock_id){
		.name = xstrdup(id->name),
		.id = id->id,
		.gid = id->gid,
		.home = id->home ? xstrdup(id->home) : NULL,
		.shell = id->shell ? xstrdup(id->shell) : NULL,
	};
	return 1;
}

static int parse_number(const char *text, uint64_t min, uint64_t max, uint32_t *ret)
{
	uint64_t number;

	if (parse_u64(text, &number) < 0 || number < min || number > max)
		return -EBADMSG;
	*ret = (uint32_t)number;
	return 0;
}

int lock_ids_take(struct lock *l, const char *line, struct error *err)
{
	_cleanup_strv_ char **f = strv_split(line, " ");
	size_t n = strv_length(f);
	struct lock_id id = {0};
	int r = -EBADMSG;

	if (n == 6 && streq(f[0], "user") &&
	    parse_number(f[2], LOCK_ID_FIRST, LOCK_ID_LAST, &id.id) == 0 &&
	    parse_number(f[3], 0, UINT32_MAX - 1, &id.gid) == 0) {
		id.name = f[1];
		id.home = f[4];
		id.shell = f[5];
		r = add(&l->users, &id, err);
	} else if (n == 3 && streq(f[0], "group") &&
		   parse_number(f[2], LOCK_ID_FIRST, LOCK_ID_LAST, &id.id) == 0) {
		id.name = f[1];
		r = add(&l->groups, &id, err);
	} else {
		return fail(err, -EBADMSG,
			    "The builder prints a number that can't be read: %s", line);
	}
	if (r > 0)
		lock_sort(l);
	return r;
}
