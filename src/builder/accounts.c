/* SPDX-License-Identifier: MIT */
/* Puts the users and groups of a configuration into the texts of passwd(5) and its kin.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/accounts.h"
#include "base/alloc.h"
#include "base/str.h"

#define SECONDS_PER_DAY 86400
/* As useradd(8) gives them: 65536 for each person, from 100000 on. */
#define SUBORDINATE_FIRST 100000U
#define SUBORDINATE_COUNT 65536U
#define PERSON_FIRST 1000U
#define PERSON_LAST 59999U

const char *const account_paths[ACCOUNT_FILES] = {
	"/etc/passwd",	"/etc/group",  "/etc/shadow",
	"/etc/gshadow", "/etc/subuid", "/etc/subgid",
};

struct tables {
	char **lines[ACCOUNT_FILES];
};

static void tables_done(struct tables *t)
{
	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		strv_free(t->lines[i]);
}

/* The line of a name, and where its fields begin. */
static char **find_line(char **lines, const char *name)
{
	for (char **l = lines; *l; l++) {
		const char *rest = startswith(*l, name);

		if (rest && *rest == ':')
			return l;
	}
	return NULL;
}

/* A copy of field n (the name is 0), or NULL. */
static char *field(const char *line, unsigned n)
{
	while (n-- > 0) {
		line = strchr(line, ':');
		if (!line)
			return NULL;
		line++;
	}
	return xstrndup(line, strcspn(line, ":"));
}

static void set_field(char **line, unsigned n, const char *value)
{
	const char *start = *line, *end;
	char *new;

	while (n-- > 0) {
		start = strchr(start, ':');
		if (!start)
			return;
		start++;
	}
	end = start + strcspn(start, ":");
	new = xasprintf("%.*s%s%s", (int)(start - *line), *line, value, end);
	free(*line);
	*line = new;
}

static int line_number(const char *line, uint32_t *ret)
{
	_cleanup_free_ char *text = field(line, 2);
	uint64_t number;

	if (!text || parse_u64(text, &number) < 0 || number >= UINT32_MAX)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}

static const char *number_owner(char **lines, uint32_t number)
{
	for (char **l = lines; *l; l++) {
		uint32_t have;

		if (line_number(*l, &have) == 0 && have == number)
			return *l;
	}
	return NULL;
}

int accounts_number(const char *text, const char *name, uint32_t *ret)
{
	_cleanup_strv_ char **lines = strv_split(text ? text : "", "\n");
	char **line = find_line(lines, name);

	return line ? line_number(*line, ret) : -ENOENT;
}

/* Settles the number of a user or group: `wanted` may be ACCOUNT_NONE. Returns 1 when the
 * name is new. */
static int settle(char **lines, const char *kind, const char *name, uint32_t *wanted,
		  struct error *err)
{
	char **line = find_line(lines, name);
	const char *owner;
	uint32_t have;

	if (line) {
		if (line_number(*line, &have) < 0)
			return fail(err, -EBADMSG,
				    "The %s %s has no valid number in the root: a "
				    "package wrote its line wrongly",
				    kind, name);
		if (*wanted != ACCOUNT_NONE && *wanted != have)
			return fail(
				err, -EEXIST,
				"The %s %s has the number %u in the root, but %u in the "
				"configuration",
				kind, name, have, *wanted);
		*wanted = have;
		return 0;
	}
	if (*wanted == ACCOUNT_NONE)
		return fail(
			err, -ENOENT,
			"The %s %s has no number and no package makes it: give it one",
			kind, name);
	owner = number_owner(lines, *wanted);
	if (owner)
		return fail(err, -EEXIST,
			    "The %s %s can't have the number %u: it is %.*s's", kind,
			    name, *wanted, (int)strcspn(owner, ":"), owner);
	return 1;
}

static void add_member(char **line, unsigned n, const char *member)
{
	_cleanup_free_ char *members = field(*line, n), *joined = NULL;
	_cleanup_strv_ char **list = strv_split(members ? members : "", ",");

	if (!members || strv_contains(list, member))
		return;
	list = strv_add(list, member);
	joined = strv_join(list, ",");
	set_field(line, n, joined);
}

/* group has its members in field 3, gshadow too. */
static int join_group(struct tables *t, const char *group, const char *user,
		      struct error *err)
{
	char **line = find_line(t->lines[ACCOUNT_GROUP], group),
	     **shadow = find_line(t->lines[ACCOUNT_GSHADOW], group);

	if (!line)
		return fail(err, -ENOENT,
			    "The user %s is to be in the group %s, which nobody makes",
			    user, group);
	add_member(line, 3, user);
	if (shadow)
		add_member(shadow, 3, user);
	return 0;
}

static int add_group(struct tables *t, const struct account_group *g, struct error *err)
{
	uint32_t gid = g->gid;
	int r = settle(t->lines[ACCOUNT_GROUP], "group", g->name, &gid, err);

	if (r <= 0)
		return r;
	t->lines[ACCOUNT_GROUP] = strv_consume(t->lines[ACCOUNT_GROUP],
					       xasprintf("%s:x:%u:", g->name, gid));
	t->lines[ACCOUNT_GSHADOW] =
		strv_consume(t->lines[ACCOUNT_GSHADOW], xasprintf("%s:!::", g->name));
	return 0;
}

static void set_password(struct tables *t, const char *name, const char *hash,
			 int64_t epoch)
{
	char **line = find_line(t->lines[ACCOUNT_SHADOW], name);
	_cleanup_free_ char *day = xasprintf("%jd", (intmax_t)(epoch / SECONDS_PER_DAY));

	if (!line) {
		t->lines[ACCOUNT_SHADOW] =
			strv_consume(t->lines[ACCOUNT_SHADOW],
				     xasprintf("%s:%s:%s:0:99999:7:::", name, hash, day));
		return;
	}
	set_field(line, 1, hash);
	set_field(line, 2, day);
}

static void add_subordinates(struct tables *t, const struct account_user *u, uint32_t uid)
{
	uint32_t first;

	if (uid < PERSON_FIRST || uid > PERSON_LAST)
		return;
	first = SUBORDINATE_FIRST + (uid - PERSON_FIRST) * SUBORDINATE_COUNT;
	/* Beyond 32 bits there are none to give. */
	if (uid - PERSON_FIRST > (UINT32_MAX - SUBORDINATE_FIRST) / SUBORDINATE_COUNT - 1)
		return;
	for (size_t i = ACCOUNT_SUBUID; i <= ACCOUNT_SUBGID; i++)
		if (!find_line(t->lines[i], u->name))
			t->lines[i] = strv_consume(
				t->lines[i],
				xasprintf("%s:%u:%u", u->name, first, SUBORDINATE_COUNT));
}

static int primary_group(const struct tables *t, const struct account_user *u,
			 uint32_t *ret, struct error *err)
{
	char **line = find_line(t->lines[ACCOUNT_GROUP], u->group);

	if (!line || line_number(*line, ret) < 0)
		return fail(err, -ENOENT,
			    "The user %s is to have the group %s, which nobody "
			    "makes",
			    u->name, u->group);
	return 0;
}

static int add_user(struct tables *t, const struct account_user *u, int64_t epoch,
		    struct error *err)
{
	_cleanup_free_ char *text = NULL;
	uint32_t uid = u->uid, gid;
	char **line;
	int r = settle(t->lines[ACCOUNT_PASSWD], "user", u->name, &uid, err), new = r;

	if (r >= 0)
		r = primary_group(t, u, &gid, err);
	if (r < 0)
		return r;
	text = xasprintf("%s:x:%u:%u:%s:%s:%s", u->name, uid, gid, u->description,
			 u->home, u->shell);
	if (new) {
		t->lines[ACCOUNT_PASSWD] =
			strv_consume(t->lines[ACCOUNT_PASSWD], TAKE_PTR(text));
	} else {
		line = find_line(t->lines[ACCOUNT_PASSWD], u->name);
		free(*line);
		*line = TAKE_PTR(text);
	}
	set_password(t, u->name, u->password ? u->password : "!", epoch);
	add_subordinates(t, u, uid);
	for (char **g = u->extra_groups; g && *g && r >= 0; g++)
		r = join_group(t, *g, u->name, err);
	return MIN(r, 0);
}

static int merge(struct tables *t, const struct account_changes *c, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->group_count; i++)
		r = add_group(t, &c->groups[i], err);
	for (size_t i = 0; r == 0 && i < c->user_count; i++)
		r = add_user(t, &c->users[i], c->epoch, err);
	for (size_t i = 0; r == 0 && i < c->group_count; i++) {
		const struct account_group *g = &c->groups[i];

		for (char **m = g->members; r == 0 && m && *m; m++) {
			if (!find_line(t->lines[ACCOUNT_PASSWD], *m))
				return fail(err, -ENOENT,
					    "The group %s is to have the member %s, whom "
					    "nobody "
					    "makes",
					    g->name, *m);
			r = join_group(t, g->name, *m, err);
		}
	}
	if (r == 0 && c->root_password)
		set_password(t, "root", c->root_password, c->epoch);
	return r;
}

int accounts_merge(char *texts[ACCOUNT_FILES], const struct account_changes *changes,
		   struct error *err)
{
	_cleanup_(tables_done) struct tables t = {0};
	int r;

	for (size_t i = 0; i < ACCOUNT_FILES; i++)
		t.lines[i] = strv_split(texts[i] ? texts[i] : "", "\n");
	r = merge(&t, changes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		_cleanup_free_ char *joined = strv_join(t.lines[i], "\n");

		free(texts[i]);
		texts[i] = *joined ? xasprintf("%s\n", joined) : xstrdup("");
	}
	return 0;
}

void account_changes_done(struct account_changes *c)
{
	for (size_t i = 0; i < c->user_count; i++) {
		struct account_user *u = &c->users[i];

		free(u->name);
		free(u->group);
		free(u->description);
		free(u->home);
		free(u->shell);
		free(u->password);
		strv_free(u->extra_groups);
	}
	for (size_t i = 0; i < c->group_count; i++) {
		free(c->groups[i].name);
		strv_free(c->groups[i].members);
	}
	free(c->users);
	free(c->groups);
	free(c->root_password);
	*c = (struct account_changes){0};
}
