/* SPDX-License-Identifier: MIT */
/* The JSON that the modules give to `atomos-build system`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/spec.h"

static sd_json_variant *get(sd_json_variant *object, const char *name)
{
	sd_json_variant *v = sd_json_variant_by_key(object, name);

	return v && !sd_json_variant_is_null(v) ? v : NULL;
}

/* NULL where it isn't there, in *ret; a failure where it is no string. */
static int get_string(sd_json_variant *object, const char *name, char **ret,
		      struct error *err)
{
	sd_json_variant *v = get(object, name);

	*ret = NULL;
	if (!v)
		return 0;
	if (!sd_json_variant_is_string(v))
		return fail(err, -EINVAL, "%s is no string", name);
	*ret = xstrdup(sd_json_variant_string(v));
	return 0;
}

static int need_string(sd_json_variant *object, const char *name, char **ret,
		       struct error *err)
{
	int r = get_string(object, name, ret, err);

	return r == 0 && !*ret ? fail(err, -EINVAL, "%s is missing", name) : r;
}

static int get_number(sd_json_variant *object, const char *name, uint64_t max,
		      uint64_t *ret, struct error *err)
{
	sd_json_variant *v = get(object, name);

	if (!v)
		return 0;
	if (!sd_json_variant_is_unsigned(v) || sd_json_variant_unsigned(v) > max)
		return fail(err, -EINVAL, "%s is no number from 0 to %ju", name,
			    (uintmax_t)max);
	*ret = sd_json_variant_unsigned(v);
	return 0;
}

static int get_strings(sd_json_variant *object, const char *name, char ***ret,
		       struct error *err)
{
	sd_json_variant *v = get(object, name);

	*ret = strv_split("", ",");
	if (!v)
		return 0;
	if (!sd_json_variant_is_array(v))
		return fail(err, -EINVAL, "%s is no list", name);
	for (size_t i = 0; i < sd_json_variant_elements(v); i++) {
		sd_json_variant *e = sd_json_variant_by_index(v, i);

		if (!sd_json_variant_is_string(e))
			return fail(err, -EINVAL, "%s holds something that is no string",
				    name);
		*ret = strv_add(*ret, sd_json_variant_string(e));
	}
	return 0;
}

static bool is_true(sd_json_variant *object, const char *name)
{
	sd_json_variant *v = get(object, name);

	return v && sd_json_variant_is_boolean(v) && sd_json_variant_boolean(v);
}

/* Files. */

/* Absolute, without empty components, "." and "..". */
static bool path_valid(const char *path)
{
	if (*path != '/' || !path[1])
		return false;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return strchr(path, '\n') == NULL;
}

static int parse_mode(sd_json_variant *object, uint32_t *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char *end;
	int r = get_string(object, "mode", &text, err);

	*ret = SPEC_MODE_DEFAULT;
	if (r < 0 || !text)
		return r;
	*ret = (uint32_t)strtoul(text, &end, 8);
	if (*end || !*text || *ret > 07777)
		return fail(err, -EINVAL, "mode is not octal: %s", text);
	return 0;
}

static int parse_kind(sd_json_variant *object, struct spec_file *f, struct error *err)
{
	static const struct {
		const char *name;
		enum spec_kind kind;
	} kinds[] = {
		{"text", SPEC_TEXT}, {"source", SPEC_SOURCE}, {"target", SPEC_SYMLINK}};

	if (is_true(object, "remove"))
		f->kind = SPEC_REMOVE;
	else if (is_true(object, "directory"))
		f->kind = SPEC_DIRECTORY;
	else {
		for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
			if (!get(object, kinds[i].name))
				continue;
			f->kind = kinds[i].kind;
			return need_string(object, kinds[i].name, &f->value, err);
		}
		return fail(err, -EINVAL,
			    "it has none of text, source, target, directory and remove");
	}
	return 0;
}

static int parse_file(sd_json_variant *object, struct spec_file *f, struct error *err)
{
	int r;

	if (!sd_json_variant_is_object(object))
		return fail(err, -EINVAL, "it is no object");
	if (!path_valid(f->path))
		return fail(err, -EINVAL, "the path isn't an absolute one");
	r = parse_kind(object, f, err);
	if (r == 0)
		r = parse_mode(object, &f->mode, err);
	if (r == 0)
		r = get_string(object, "user", &f->user, err);
	return r < 0 ? r : get_string(object, "group", &f->group, err);
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct spec_file *)a)->path,
		      ((const struct spec_file *)b)->path);
}

static int parse_files(sd_json_variant *root, struct spec *s, struct error *err)
{
	sd_json_variant *files = get(root, "files");
	size_t n = files ? sd_json_variant_elements(files) / 2 : 0;

	if (files && !sd_json_variant_is_object(files))
		return fail(err, -EINVAL, "files is no object");
	s->files = xcalloc(n + 1, sizeof(*s->files));
	for (size_t i = 0; i < n; i++) {
		struct spec_file *f = &s->files[s->file_count++];
		int r;

		f->path = xstrdup(
			sd_json_variant_string(sd_json_variant_by_index(files, 2 * i)));
		r = parse_file(sd_json_variant_by_index(files, 2 * i + 1), f, err);
		if (r < 0)
			return wrap(err, "%s", f->path);
	}
	qsort(s->files, s->file_count, sizeof(*s->files), compare_files);
	return 0;
}

/* Users and groups. */

/* What would break the line it is written to. */
static int check_field(const char *name, const char *value, struct error *err)
{
	if (value && strpbrk(value, ":\n"))
		return fail(err, -EINVAL, "%s has a colon or a line break in it: %s",
			    name, value);
	return 0;
}

static int check_user(const struct account_user *u, struct error *err)
{
	const char *const fields[][2] = {
		{"name", u->name},   {"description", u->description},
		{"home", u->home},   {"shell", u->shell},
		{"group", u->group}, {"hashedPassword", u->password}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(fields); i++)
		r = check_field(fields[i][0], fields[i][1], err);
	return r;
}

static int parse_number(sd_json_variant *object, const char *name, uint32_t *ret,
			struct error *err)
{
	uint64_t number = ACCOUNT_NONE;
	int r = get_number(object, name, 65534, &number, err);

	*ret = (uint32_t)number;
	return r;
}

static int parse_user(sd_json_variant *v, struct account_user *u, struct error *err)
{
	int r = need_string(v, "name", &u->name, err);

	if (r == 0)
		r = parse_number(v, "uid", &u->uid, err);
	if (r == 0)
		r = parse_number(v, "gid", &u->gid, err);
	if (r == 0)
		r = need_string(v, "group", &u->group, err);
	if (r == 0)
		r = get_string(v, "description", &u->description, err);
	if (r == 0)
		r = need_string(v, "home", &u->home, err);
	if (r == 0)
		r = need_string(v, "shell", &u->shell, err);
	if (r == 0)
		r = get_string(v, "hashedPassword", &u->password, err);
	if (r == 0)
		r = get_strings(v, "extraGroups", &u->extra_groups, err);
	u->create_home = is_true(v, "createHome");
	if (!u->description)
		u->description = xstrdup("");
	return r < 0 ? r : check_user(u, err);
}

static int parse_group(sd_json_variant *v, struct account_group *g, struct error *err)
{
	int r = need_string(v, "name", &g->name, err);

	if (r == 0)
		r = check_field("name", g->name, err);
	if (r == 0)
		r = parse_number(v, "gid", &g->gid, err);
	return r < 0 ? r : get_strings(v, "members", &g->members, err);
}

static size_t list_length(sd_json_variant *root, const char *name)
{
	sd_json_variant *v = get(root, name);

	return v && sd_json_variant_is_array(v) ? sd_json_variant_elements(v) : 0;
}

static int parse_accounts(sd_json_variant *root, struct account_changes *c,
			  struct error *err)
{
	size_t users = list_length(root, "users"), groups = list_length(root, "groups");
	int r = get_string(root, "rootPassword", &c->root_password, err);

	if (r == 0)
		r = check_field("rootPassword", c->root_password, err);
	c->users = xcalloc(users + 1, sizeof(*c->users));
	c->groups = xcalloc(groups + 1, sizeof(*c->groups));
	while (r == 0 && c->user_count < users) {
		size_t i = c->user_count++;

		r = parse_user(sd_json_variant_by_index(get(root, "users"), i),
			       &c->users[i], err);
		if (r < 0)
			return wrap(err, "user %zu", i + 1);
	}
	while (r == 0 && c->group_count < groups) {
		size_t i = c->group_count++;

		r = parse_group(sd_json_variant_by_index(get(root, "groups"), i),
				&c->groups[i], err);
		if (r < 0)
			return wrap(err, "group %zu", i + 1);
	}
	return r;
}

static int parse(sd_json_variant *root, struct spec *s, struct error *err)
{
	uint64_t version = 0, epoch = 0;
	int r = get_number(root, "version", UINT32_MAX, &version, err);

	if (r == 0 && version != 1)
		return fail(err, -EINVAL, "its version is %ju, not 1",
			    (uintmax_t)version);
	if (r == 0)
		r = need_string(root, "product", &s->product, err);
	if (r == 0)
		r = get_number(root, "release", INT64_MAX, &s->release, err);
	if (r == 0)
		r = get_number(root, "epoch", INT32_MAX * 8ULL, &epoch, err);
	if (r == 0)
		r = parse_files(root, s, err);
	if (r == 0)
		r = parse_accounts(root, &s->accounts, err);
	s->epoch = s->accounts.epoch = (int64_t)epoch;
	s->state = sd_json_variant_ref(get(root, "state"));
	s->ram = sd_json_variant_ref(get(root, "ram"));
	return r;
}

int spec_parse(const char *text, struct spec *ret, struct error *err)
{
	_cleanup_spec_ struct spec s = {0};
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *root = NULL;
	unsigned line = 0, column = 0;
	int r = sd_json_parse(text, 0, &root, &line, &column);

	if (r < 0 || !sd_json_variant_is_object(root))
		return fail(err, -EINVAL, "The specification is no JSON object (line %u)",
			    line);
	r = parse(root, &s, err);
	if (r < 0)
		return wrap(err, "The specification");
	*ret = TAKE_AS(s, (struct spec){0});
	return 0;
}

void spec_done(struct spec *s)
{
	for (size_t i = 0; i < s->file_count; i++) {
		free(s->files[i].path);
		free(s->files[i].value);
		free(s->files[i].user);
		free(s->files[i].group);
	}
	free(s->files);
	free(s->product);
	account_changes_done(&s->accounts);
	sd_json_variant_unref(s->state);
	sd_json_variant_unref(s->ram);
	*s = (struct spec){0};
}
