/* SPDX-License-Identifier: MIT */
/* Which disk an installation without a question takes. */
#include <errno.h>

#include "base/str.h"
#include "welcome/unattended.h"

static bool is_named(const struct unattended *u, const char *node, const struct target *t)
{
	return t->whole &&
	       (!u->serial || (t->serial[0] && streq(t->serial, u->serial))) &&
	       (!u->path || (node && streq(t->disk, node)));
}

static bool is_empty(const struct target *t)
{
	return t->whole && t->empty && t->inner && !t->medium && !t->refusal;
}

static int check_named(const struct unattended *u, const struct target *t,
		       struct error *err)
{
	if (t->refusal)
		return fail(err, -EBUSY, "%s can't be installed to: %s", t->disk,
			    t->refusal);
#ifdef WITHOUT_CHECK_UNATTENDED_OVERWRITE
	return 0;
#endif
	if (!t->empty && !u->overwrite)
		return fail(err, -EEXIST,
			    "%s isn't empty (%s), and the configuration doesn't say that "
			    "it may be overwritten "
			    "(atomos.install.unattended.disk.overwrite)",
			    t->disk, t->content);
	return 0;
}

static int choose_named(const struct unattended *u, const char *node,
			const struct targets *t, size_t *ret, struct error *err)
{
	const char *what = u->serial ? "number" : "path",
		   *which = u->serial ? u->serial : u->path;
	size_t found = 0;

	for (size_t i = 0; i < t->count; i++)
		if (is_named(u, node, &t->list[i])) {
			*ret = i;
			found++;
		}
	if (found == 0)
		return fail(err, -ENODEV, "There is no disk with the %s %s", what, which);
	if (found > 1)
		return fail(err, -ENOTUNIQ, "%zu disks have the %s %s", found, what,
			    which);
	return check_named(u, &t->list[*ret], err);
}

int unattended_choose(const struct unattended *u, const char *node,
		      const struct targets *t, size_t *ret, struct error *err)
{
	const struct target *behind = targets_behind(t);
	size_t empty = 0;

	if (u->serial || u->path)
		return choose_named(u, node, t, ret, err);
	if (behind) {
		*ret = (size_t)(behind - t->list);
		return 0;
	}
	for (size_t i = 0; i < t->count; i++)
		if (is_empty(&t->list[i])) {
			*ret = i;
			empty++;
		}
	if (empty == 1)
		return 0;
	if (empty == 0)
		return fail(err, -ENODEV,
			    "There is no empty disk, and the configuration names no "
			    "other one");
	return fail(err, -ENOTUNIQ,
		    "There are %zu empty disks, and the configuration doesn't say which "
		    "one",
		    empty);
}
