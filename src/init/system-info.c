/* SPDX-License-Identifier: MIT */
/* Reads system.json. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "init/json.h"
#include "init/system-info.h"

#define DIRECTORIES_MAX 10000
#define ROOT_PERCENT_DEFAULT 80

void system_info_done(struct system_info *s)
{
	for (size_t i = 0; i < s->directory_count; i++) {
		free(s->directories[i].path);
		free(s->directories[i].user);
		free(s->directories[i].group);
	}
	free(s->directories);
	strv_free(s->files);
	free(s->product);
	free(s->kernel);
	free(s->init);
	*s = (struct system_info){0};
}

static bool path_ok(const char *path)
{
	_cleanup_strv_ char **parts = strv_split(path, "/");

	return path[0] == '/' && strlen(path) < 4096 && !strv_contains(parts, "..") &&
	       !strv_contains(parts, ".");
}

static int parse_mode(const char *text, mode_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 8);

	if (text[0] < '0' || text[0] > '7' || *end || n > 07777)
		return -EINVAL;
	*ret = (mode_t)n;
	return 0;
}

static int get_directory(sd_json_variant *v, struct state_directory *d, struct error *err)
{
	_cleanup_free_ char *mode = xstrdup("0755");
	int r = json_string(v, "path", &d->path, err);

	d->user = xstrdup("root");
	d->group = xstrdup("root");
	if (r >= 0)
		r = json_string(v, "mode", &mode, err);
	if (r >= 0)
		r = json_string(v, "user", &d->user, err);
	if (r >= 0)
		r = json_string(v, "group", &d->group, err);
	if (r >= 0)
		r = json_bool(v, "execute", &d->execute, err);
	if (r < 0)
		return r;
	if (!d->path || !path_ok(d->path) || parse_mode(mode, &d->mode) < 0)
		return fail(err, -EBADMSG, "a directory of \"state\" isn't valid");
	return 0;
}

static int get_files(sd_json_variant *state, struct system_info *s, struct error *err)
{
	sd_json_variant *list = sd_json_variant_by_key(state, "files");
	size_t n = !list			    ? 0
		   : sd_json_variant_is_array(list) ? sd_json_variant_elements(list)
						    : SIZE_MAX;

	if (n > DIRECTORIES_MAX)
		return fail(err, -EBADMSG, "\"files\" isn't a list");
	for (size_t i = 0; i < n; i++) {
		sd_json_variant *v = sd_json_variant_by_index(list, i);

		if (!sd_json_variant_is_string(v) || !path_ok(sd_json_variant_string(v)))
			return fail(err, -EBADMSG, "a file of \"state\" isn't valid");
		s->files = strv_add(s->files, sd_json_variant_string(v));
	}
	return 0;
}

static int get_directories(sd_json_variant *root, struct system_info *s,
			   struct error *err)
{
	sd_json_variant *state = NULL, *list;
	int r = json_object(root, "state", &state, err);
	size_t n;

	if (r < 0)
		return r;
	if (state && (r = get_files(state, s, err)) < 0)
		return r;
	list = state ? sd_json_variant_by_key(state, "directories") : NULL;
	if (!list)
		return 0;
	n = sd_json_variant_is_array(list) ? sd_json_variant_elements(list) : SIZE_MAX;
	if (n > DIRECTORIES_MAX)
		return fail(err, -EBADMSG, "\"directories\" isn't a list");
	s->directories = xcalloc(n + 1, sizeof(*s->directories));
	for (size_t i = 0; i < n; i++) {
		sd_json_variant *v = sd_json_variant_by_index(list, i);

		s->directory_count++;
		if (!sd_json_variant_is_object(v))
			return fail(err, -EBADMSG, "\"directories\" has something else");
		r = get_directory(v, &s->directories[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int get_numbers(sd_json_variant *root, struct system_info *s, struct error *err)
{
	sd_json_variant *ram = NULL;
	uint64_t version = 0;
	int r = json_u64(root, "version", 1, &version, err);

	s->root_percent = ROOT_PERCENT_DEFAULT;
	if (r >= 0 && version != 1)
		return fail(err, -EBADMSG, "it has no \"version\"");
	if (r >= 0)
		r = json_u64(root, "release", UINT32_MAX, &s->release, err);
	if (r >= 0)
		r = json_u64(root, "rootBytes", UINT64_MAX >> 8, &s->root_bytes, err);
	if (r >= 0)
		r = json_u64(root, "entries", UINT32_MAX, &s->entries, err);
	if (r >= 0)
		r = json_u64(root, "epoch", UINT32_MAX, &s->epoch, err);
	if (r >= 0)
		r = json_object(root, "ram", &ram, err);
	if (r > 0)
		r = json_u64(ram, "rootPercent", 1000, &s->root_percent, err);
	return r < 0 ? r : 0;
}

static int parse(const char *text, struct system_info *ret, struct error *err)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	int r = variant_parse(text, "it", &root, err);

	if (r >= 0)
		r = json_string(root, "product", &ret->product, err);
	if (r >= 0)
		r = json_string(root, "kernel", &ret->kernel, err);
	if (r >= 0)
		r = json_string(root, "init", &ret->init, err);
	if (r >= 0)
		r = get_numbers(root, ret, err);
	if (r >= 0)
		r = get_directories(root, ret, err);
	if (r < 0)
		return r;
	if (!ret->product || !ret->kernel || !ret->init || !ret->root_bytes)
		return fail(
			err, -EBADMSG,
			"it lacks \"product\", \"kernel\", \"init\" or \"rootBytes\"");
	if (!path_ok(ret->init))
		return fail(err, -EBADMSG, "\"init\" isn't an absolute path");
	return 0;
}

int system_info_parse(const char *text, struct system_info *ret, struct error *err)
{
	*ret = (struct system_info){0};
	if (parse(text, ret, err) == 0)
		return 0;
	system_info_done(ret);
	return wrap(err, "The system's system.json can't be used");
}

int system_info_check(const struct system_info *s, const char *product,
		      const char *kernel, struct error *err)
{
#ifndef WITHOUT_CHECK_PRODUCT
	if (!streq(s->product, product))
		return fail(err, -EPERM,
			    "The disk holds a system of the product \"%s\", this boot "
			    "image starts "
			    "only \"%s\": use the medium that belongs to it",
			    s->product, product);
#endif
#ifndef WITHOUT_CHECK_KERNEL
	if (!streq(s->kernel, kernel))
		return fail(err, -EPERM,
			    "The system on the disk is made for the kernel %s, this boot "
			    "image has "
			    "%s: use the boot image that belongs to it",
			    s->kernel, kernel);
#endif
	return 0;
}

static int field(const char *line, unsigned number, uint32_t *ret)
{
	char *end;
	unsigned long n;

	for (; number > 0; number--) {
		line += strcspn(line, ":\n");
		if (*line++ != ':')
			return -EBADMSG;
	}
	if (*line < '0' || *line > '9')
		return -EBADMSG;
	n = strtoul(line, &end, 10);
	if ((*end != ':' && *end != '\n' && *end) || n >= UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)n;
	return 0;
}

int id_lookup(const char *table, const char *name, uint32_t *ret_id, uint32_t *ret_group)
{
	for (const char *line = table; line && *line; line = strchr(line, '\n')) {
		const char *rest;
		int r;

		line += *line == '\n';
		rest = startswith(line, name);
		if (!rest || *rest != ':')
			continue;
		r = field(line, 2, ret_id);
		return r == 0 && ret_group ? field(line, 3, ret_group) : r;
	}
	return -ENOENT;
}
