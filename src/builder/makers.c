/* SPDX-License-Identifier: MIT */
/* Which package's script made which user and group: whenever dpkg goes on to the next
 * package, the lines that are new are those of the one before. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/makers.h"

#define FILE_MAX (16U << 20)

static const struct maker *find(const struct makers *m, bool user, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].user == user && streq(m->list[i].name, name))
			return &m->list[i];
	return NULL;
}

/* The tools that change these files put a new one in their place. */
static bool unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void look_at(struct makers *m, int root_fd, bool user, const char *package)
{
	const char *path = user ? "etc/passwd" : "etc/group";
	_cleanup_free_ char *text = NULL;
	_cleanup_strv_ char **lines = NULL;
	struct stat st;

	/* What can't be read here is refused where the numbers are settled. */
	if (fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    unchanged(&st, &m->seen[user]) ||
	    read_file_at(root_fd, path, FILE_MAX, &text, NULL) < 0)
		return;
	m->seen[user] = st;
	lines = strv_split(text, "\n");
	for (char **l = lines; *l; l++) {
		_cleanup_free_ char *name = xstrndup(*l, strcspn(*l, ":"));

		if (find(m, user, name))
			continue;
		m->list = xgrow(m->list, m->count, &m->capacity, sizeof(*m->list));
		m->list[m->count++] = (struct maker){user, TAKE_PTR(name),
						     package ? xstrdup(package) : NULL};
	}
}

void makers_look(struct makers *m, int root_fd, const char *package)
{
	look_at(m, root_fd, true, package);
	look_at(m, root_fd, false, package);
}

const char *makers_find(const struct makers *m, bool user, const char *name)
{
	const struct maker *found = find(m, user, name);

	return found ? found->package : NULL;
}

void makers_done(struct makers *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->list[i].name);
		free(m->list[i].package);
	}
	free(m->list);
	*m = (struct makers){0};
}
