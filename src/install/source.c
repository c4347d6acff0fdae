/* SPDX-License-Identifier: MIT */
/* What is installed. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "install/source.h"

#define PROFILES "/nix/var/nix/profiles/"

static void part_done(struct source_part *p)
{
	free(p->path);
	/* The elements belong to `closure`. */
	free(p->exact.paths);
	trusted_closure_done(&p->trusted);
	closure_done(&p->closure);
}

void source_done(struct source *s)
{
	close_fdp(&s->store);
	part_done(&s->system);
	part_done(&s->boot_image);
	*s = (struct source){.store = -EBADF};
}

/* A link in the profiles that leads into the store, perhaps by one of its neighbours. */
static int follow(const char *root, const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s" PROFILES "%s", root, name);
	_cleanup_free_ char *target = NULL, *second = NULL;
	const char *base;
	int r = readlink_at(AT_FDCWD, path, &target);

	if (r == 0 && !strchr(target, '/')) {
		second = xasprintf("%s" PROFILES "%s", root, target);
		free(TAKE_PTR(target));
		r = readlink_at(AT_FDCWD, second, &target);
	}
	base = r == 0 ? startswith(target, STORE_DIR "/") : NULL;
	if (r == 0 && (!base || !store_base_valid(base)))
		r = -EINVAL;
	if (r < 0)
		return fail(err, r,
			    "The link %s doesn't lead to a store path (%s): is this a "
			    "running AtomOS?",
			    path, strerror(-r));
	*ret = TAKE_PTR(target);
	return 0;
}

static void fill_exact(struct source_part *p)
{
	p->exact.paths = xcalloc(p->trusted.count, sizeof(*p->exact.paths));
	for (size_t i = 0; i < p->trusted.count; i++)
		p->exact.paths[p->exact.count++] = *p->trusted.paths[i].info;
}

static int open_part(const char *root, const char *link, const struct trusted_keys *keys,
		     struct source_part *p, struct error *err)
{
	_cleanup_free_ char *name = NULL, *text = NULL;
	const char *base;
	size_t size;
	int r = follow(root, link, &p->path, err);

	if (r < 0)
		return r;
	base = p->path + strlen(STORE_DIR "/");
	name = xasprintf("%s/nix/var/atomos/closures/%s.narinfo", root, base);
	r = read_file_at(AT_FDCWD, name, CLOSURE_TEXT_MAX, &text, &size);
	if (r < 0)
		return fail(err, r, "Can't read %s: %s", name, strerror(-r));
	r = closure_parse(text, size, &p->closure, err);
	if (r < 0)
		return wrap(err, "%s", name);
	r = closure_resolve(&p->closure, base, keys, &p->trusted, err);
	if (r < 0)
		return r;
	fill_exact(p);
	return closure_sort(&p->exact, err);
}

int source_open(const char *root, const struct trusted_keys *keys, struct source *ret,
		struct error *err)
{
	_cleanup_source_ struct source s = {.store = -EBADF};
	_cleanup_free_ char *store = xasprintf("%s" STORE_DIR, root);
	int r;

	*ret = s;
	s.store = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.store < 0)
		return fail(err, -errno, "Can't open %s: %m", store);
	r = open_part(root, "system", keys, &s.system, err);
	if (r == 0)
		r = open_part(root, "boot-image", keys, &s.boot_image, err);
	if (r == 0)
		*ret = TAKE_AS(s, (struct source){.store = -EBADF});
	return r;
}

uint64_t source_size(const struct source *s)
{
	return s->system.trusted.nar_size + s->boot_image.trusted.nar_size;
}
