/* SPDX-License-Identifier: MIT */
/* A root path in the store: its manifest, and files looked up through it. */
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/env.h"
#include "builder/root-path.h"

#define LINKS_MAX 40 /* as the kernel */
#define FILE_MAX (1U << 30)
#define LAYERS_MAX 65536
#define MODULES "/usr/lib/modules/"

int store_open(int *ret_fd, struct error *err)
{
	const char *store = env_optional("NIX_STORE");

	*ret_fd = open(store ? store : "/nix/store", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? fail(err, -errno, "The store can't be opened: %s",
				  strerror(errno))
			   : 0;
}

static int read_layers(const char *path, struct root_path *r, struct error *err)
{
	_cleanup_free_ char *name = xasprintf("%s/layers", path), *text = NULL;
	int code = read_file_at(AT_FDCWD, name, LAYERS_MAX, &text, NULL);

	if (code < 0 && code != -ENOENT)
		return fail(err, code, "%s can't be read: %s", name, strerror(-code));
	r->layers = strv_split(text ? text : "", "\n");
	r->layers = strv_add(r->layers, path);
	return 0;
}

int root_path_open(const char *path, struct root_path *ret, struct error *err)
{
	_cleanup_root_path_ struct root_path r = {.store_fd = -EBADF};
	_cleanup_free_ char *name = xasprintf("%s/manifest", path), *text = NULL;
	size_t size;
	int code = store_open(&r.store_fd, err);

	if (code < 0)
		return code;
	code = read_file_at(AT_FDCWD, name, MANIFEST_TEXT_MAX, &text, &size);
	if (code < 0)
		return fail(err, code, "%s can't be read: %s", name, strerror(-code));
	code = manifest_parse(text, size, MANIFEST_ROOT, &r.manifest, err);
	if (code < 0)
		return wrap(err, "%s is damaged", name);
	code = read_layers(path, &r, err);
	if (code < 0)
		return code;
	*ret = TAKE_AS(r, ((struct root_path){.store_fd = -EBADF}));
	return 0;
}

void root_path_done(struct root_path *r)
{
	close_fdp(&r->store_fd);
	manifest_done(&r->manifest);
	strv_free(r->layers);
	*r = (struct root_path){.store_fd = -EBADF};
}

/* Takes one step into `rest`; 0 when it is used up. */
static int step(const struct manifest *m, char *at, char *rest, unsigned *links)
{
	size_t start = strspn(rest, "/"), n = strcspn(rest + start, "/");
	const struct manifest_entry *e;
	char *name = rest + start, next[PATH_MAX], *slash;

	if (n == 0)
		return 0;
	if (n == 2 && name[0] == '.' && name[1] == '.') {
		slash = strrchr(at, '/');
		if (slash)
			*slash = 0;
	} else if (!(n == 1 && name[0] == '.')) {
		if (snprintf(next, sizeof(next), "%s/%.*s", at, (int)n, name) >=
		    (int)sizeof(next))
			return -ENAMETOOLONG;
		e = manifest_find(m, next);
		if (!e)
			return -ENOENT;
		if (S_ISLNK(e->mode)) {
			char joined[PATH_MAX];

			if (++*links > LINKS_MAX ||
			    snprintf(joined, sizeof(joined), "%s%s", e->payload,
				     name + n) >= (int)sizeof(joined))
				return -ELOOP;
			if (e->payload[0] == '/')
				*at = 0;
			strcpy(rest, joined);
			return 1;
		}
		strcpy(at, next);
	}
	memmove(rest, name + n, strlen(name + n) + 1);
	return 1;
}

const struct manifest_entry *root_path_resolve(const struct manifest *m, const char *path)
{
	char at[PATH_MAX] = "", rest[PATH_MAX];
	const struct manifest_entry *e;
	unsigned links = 0;
	int r;

	if (strlen(path) >= sizeof(rest))
		return NULL;
	strcpy(rest, path);
	while ((r = step(m, at, rest, &links)) > 0)
		;
	if (r < 0)
		return NULL;
	e = manifest_find(m, *at ? at : "/");
	return e && e->hardlink ? manifest_find(m, e->payload) : e;
}

int root_path_read(const struct root_path *r, const char *path, char **ret,
		   size_t *ret_size, struct error *err)
{
	const struct manifest_entry *e = root_path_resolve(&r->manifest, path);
	int code;

	if (!e || !S_ISREG(e->mode))
		return fail(err, -ENOENT, "%s isn't in the root", path);
	if (!e->payload) {
		*ret = xstrdup("");
		if (ret_size)
			*ret_size = 0;
		return 0;
	}
	code = read_file_at(r->store_fd, e->payload, FILE_MAX, ret, ret_size);
	return code < 0 ? fail(err, code, "%s can't be read: %s", path, strerror(-code))
			: 0;
}

int root_path_kernel(const struct manifest *m, char **ret, struct error *err)
{
	const char *newest = NULL;

	for (size_t i = 0; i < m->count; i++) {
		const char *name = startswith(m->entries[i].path, MODULES);
		_cleanup_free_ char *image = NULL;

		if (!name || strchr(name, '/') || !S_ISDIR(m->entries[i].mode))
			continue;
		image = xasprintf("/boot/vmlinuz-%s", name);
		if (manifest_find(m, image) && (!newest || strverscmp(name, newest) > 0))
			newest = name;
	}
	if (!newest)
		return fail(
			err, -ENOENT,
			"The root has no kernel: no /boot/vmlinuz-* with its modules");
	*ret = xstrdup(newest);
	return 0;
}
