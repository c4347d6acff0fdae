/* SPDX-License-Identifier: MIT */
/* The numbers of system users and groups: given once in the lock, never moved. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/ids.h"

#define ACCOUNTS_MAX (16U << 20)

static void table_append(struct id_table *t, const char *name, uint32_t number)
{
	t->list = xgrow(t->list, t->count, &t->capacity, sizeof(*t->list));
	t->list[t->count++] = (struct id){xstrdup(name), number};
}

static void id_table_done(struct id_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i].name);
	free(t->list);
	*t = (struct id_table){0};
}

void ids_done(struct ids *ids)
{
	id_table_done(&ids->users);
	id_table_done(&ids->groups);
}

static bool system_number(uint32_t number)
{
	return number >= ID_FIRST && number <= ID_LAST;
}

int id_table_parse(const char *text, struct id_table *ret, struct error *err)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		_cleanup_strv_ char **words = strv_split(*l, " ");
		uint64_t number;

		if (strv_length(words) != 2 || parse_u64(words[1], &number) < 0 ||
		    number > ID_LAST || !system_number((uint32_t)number))
			return fail(err, -EBADMSG,
				    "The lock has no valid system number: %s", *l);
		table_append(ret, words[0], (uint32_t)number);
	}
	return 0;
}

static const struct id *by_name(const struct id_table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (streq(t->list[i].name, name))
			return &t->list[i];
	return NULL;
}

static bool number_taken(const struct id_table *t, uint32_t number)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].number == number)
			return true;
	return false;
}

/* The number that the lock is told to note: the one given by the script where it is free,
 * else the highest free one; no number is given twice, in this run or ever. */
static uint32_t propose(struct id_table *t, const char *name, uint32_t number)
{
	for (uint32_t n = ID_LAST; number_taken(t, number) && n >= ID_FIRST; n--)
		if (!number_taken(t, n))
			number = n;
	table_append(t, name, number);
	return number;
}

/* Fields of one line of passwd or group, empty ones included; the line is cut up. */
static size_t split_fields(char *line, char **fields, size_t max)
{
	size_t n = 0;

	while (line && n < max)
		fields[n++] = strsep(&line, ":");
	return n;
}

/* A user or group of one line whose number is a system's; NULL for all others. */
struct account {
	char *copy;
	char *fields[7];
	uint32_t number;
};

static void account_done(struct account *a)
{
	free(a->copy);
}
#define _cleanup_account_ _cleanup_(account_done)

static bool account_parse(const char *line, size_t fields, struct account *ret)
{
	uint64_t number;

	ret->copy = xstrdup(line);
	if (split_fields(ret->copy, ret->fields, fields) < fields ||
	    parse_u64(ret->fields[2], &number) < 0 || number > ID_LAST)
		return false;
	ret->number = (uint32_t)number;
	return true;
}

/* The one number above 99 that base-passwd gives. */
static bool is_static(const struct account *a)
{
	return a->number == 100 && streq(a->fields[0], "users");
}

static uint32_t settle_one(struct id_table *t, struct id_map *map,
			   const struct account *a, bool *ret_new)
{
	const struct id *known = by_name(t, a->fields[0]);
	uint32_t number = a->number;

	*ret_new = false;
	if (system_number(a->number) && !is_static(a)) {
		*ret_new = !known;
		number = known ? known->number : propose(t, a->fields[0], a->number);
	}
	map->to[a->number] = number;
	return number;
}

/* What the lock lacks: how many, and the packages that made them. */
struct unknown {
	const struct makers *makers;
	size_t count;
	char **packages;
};

static void unknown_done(struct unknown *u)
{
	strv_free(u->packages);
}

static void unknown_add(struct unknown *u, bool user, const char *name)
{
	const char *package = u->makers ? makers_find(u->makers, user, name) : NULL;

	u->count++;
	if (package && !(u->packages && strv_contains(u->packages, package)))
		u->packages = strv_add(u->packages, package);
}

static int unknown_refuse(const struct unknown *u, struct error *err)
{
	_cleanup_free_ char *names = u->packages ? strv_join(u->packages, ", ") : NULL;

	return fail(err, -ENOKEY,
		    "%zu system users and groups%s%s aren't in the lock: run atomos lock",
		    u->count, names ? " made by " : "", names ? names : "");
}

static void settle_groups(struct ids *ids, const char *text, struct unknown *unknown)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		_cleanup_account_ struct account a = {0};
		uint32_t number;
		bool new;

		if (!account_parse(*l, 3, &a))
			continue;
		number = settle_one(&ids->groups, &ids->group_map, &a, &new);
		if (!new)
			continue;
		fprintf(stderr, "atomos-lock-id: group %s %u\n", a.fields[0], number);
		unknown_add(unknown, false, a.fields[0]);
	}
}

/* After the groups: a user's line names its group by number. */
static void settle_users(struct ids *ids, const char *text, struct unknown *unknown)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");

	for (char **l = lines; *l; l++) {
		_cleanup_account_ struct account a = {0};
		uint32_t number, group;
		uint64_t given;
		bool new;

		if (!account_parse(*l, 7, &a))
			continue;
		number = settle_one(&ids->users, &ids->user_map, &a, &new);
		if (!new)
			continue;
		if (parse_u64(a.fields[3], &given) < 0 || given > UINT32_MAX ||
		    ids_map(&ids->group_map, (uint32_t)given, &group) < 0)
			group = 65534;
		fprintf(stderr, "atomos-lock-id: user %s %u %u %s %s\n", a.fields[0],
			number, group, *a.fields[5] ? a.fields[5] : "/nonexistent",
			*a.fields[6] ? a.fields[6] : "/usr/sbin/nologin");
		unknown_add(unknown, true, a.fields[0]);
	}
}

int ids_map(const struct id_map *map, uint32_t number, uint32_t *ret)
{
	if (!system_number(number))
		*ret = number;
	else if (map->to[number] == 0)
		return -ENOENT;
	else
		*ret = map->to[number];
	return 0;
}

static void put_number(FILE *f, const struct id_map *map, const char *field)
{
	uint64_t number;
	uint32_t mapped;

	if (parse_u64(field, &number) == 0 && number <= UINT32_MAX &&
	    ids_map(map, (uint32_t)number, &mapped) == 0)
		fprintf(f, "%u", mapped);
	else
		fputs(field, f);
}

static void rewrite_line(FILE *f, const struct ids *ids, char *line, bool passwd)
{
	char *fields[4];
	size_t n;

	for (n = 0; n < 4 && line; n++)
		fields[n] = strsep(&line, ":");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fputc(':', f);
		if (i == 2)
			put_number(f, passwd ? &ids->user_map : &ids->group_map,
				   fields[i]);
		else if (i == 3 && passwd)
			put_number(f, &ids->group_map, fields[i]);
		else
			fputs(fields[i], f);
	}
	if (line)
		fprintf(f, ":%s", line);
	fputc('\n', f);
}

char *ids_rewrite(const struct ids *ids, const char *text, bool passwd)
{
	_cleanup_strv_ char **lines = strv_split(text, "\n");
	char *data = NULL;
	size_t size;
	FILE *f = open_memstream(&data, &size);

	if (!f)
		abort();
	for (char **l = lines; *l; l++)
		rewrite_line(f, ids, *l, passwd);
	fclose(f);
	return data;
}

static int rewrite_file(int root_fd, const char *path, const char *old, const char *new,
			struct error *err)
{
	int r;

	/* The same bytes keep the file, and with it the package it came from. */
	if (streq(old, new))
		return 0;
	r = write_file_at(root_fd, path, new, strlen(new), 0644);
	return r < 0 ? fail(err, r, "/%s can't be written: %s", path, strerror(-r)) : 0;
}

int ids_settle(int root_fd, struct ids *ids, const struct makers *makers,
	       struct error *err)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL, *new_passwd = NULL,
			    *new_group = NULL;
	_cleanup_(unknown_done) struct unknown unknown = {.makers = makers};
	int r = read_file_at(root_fd, "etc/passwd", ACCOUNTS_MAX, &passwd, NULL);

	if (r == 0)
		r = read_file_at(root_fd, "etc/group", ACCOUNTS_MAX, &group, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return fail(err, r, "The root's users and groups can't be read: %s",
			    strerror(-r));
	settle_groups(ids, group, &unknown);
	settle_users(ids, passwd, &unknown);
#ifdef WITHOUT_CHECK_LOCK_ID
	unknown.count = 0;
#endif
	if (unknown.count > 0)
		return unknown_refuse(&unknown, err);
	new_group = ids_rewrite(ids, group, false);
	new_passwd = ids_rewrite(ids, passwd, true);
	r = rewrite_file(root_fd, "etc/group", group, new_group, err);
	return r < 0 ? r : rewrite_file(root_fd, "etc/passwd", passwd, new_passwd, err);
}
