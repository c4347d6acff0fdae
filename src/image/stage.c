/* SPDX-License-Identifier: MIT */
/* The tree that becomes the root file system of an image. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "base/workers.h"
#include "image/link-tree.h"
#include "image/stage.h"

char *stage_registration(const struct closure *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return xstrdup("");
	for (size_t i = 0; i < c->count; i++) {
		const struct path_info *p = &c->paths[i];
		char hash[2 * SHA256_SIZE + 1];

		hex_encode(p->nar_hash, sizeof(p->nar_hash), hash);
		fprintf(f, STORE_DIR "/%s\n%s\n%" PRIu64 "\n\n%zu\n", p->base, hash,
			p->nar_size, strv_length(p->references));
		for (char **r = p->references; *r; r++)
			fprintf(f, STORE_DIR "/%s\n", *r);
	}
	fclose(f);
	return text;
}

static int nix(const struct stage_options *o, const char *const *argv, const char *input,
	       struct error *err)
{
	const struct process p = {.argv = argv,
				  .environment = o->nix_environment,
				  .input = input,
				  .input_size = input ? strlen(input) : 0};
	_cleanup_free_ char *output = NULL;

	return process_check(&p, &output, NULL, err);
}

struct link_context {
	const struct closure *closure;
	int store, target;
};

static int link_path(void *context, size_t index, unsigned worker, struct error *err)
{
	const struct link_context *c = context;
	const char *base = c->closure->paths[index].base;
	int r = link_tree(c->store, base, c->target, base);

	return r < 0 ? fail(err, r, "Can't copy " STORE_DIR "/%s into the image: %s",
			    base, strerror(-r))
		     : 0;
}

static int link_closure(int root, const struct closure *closure, struct error *err)
{
	_cleanup_close_ int store = open(STORE_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int target =
		openat(root, "nix/store", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct link_context c = {closure, store, target};

	if (store < 0 || target < 0)
		return fail(err, -errno, "Can't open the store: %m");
	return workers_run(workers_default(), closure->count, link_path, &c, err);
}

static int load_database(const char *store, const struct stage_options *o,
			 struct error *err)
{
	const char *const load[] = {"nix-store", "--store", store, "--load-db", NULL};
	_cleanup_free_ char *system = stage_registration(o->closure),
			    *boot = stage_registration(o->boot_closure);
	_cleanup_free_ char *both = xasprintf("%s%s", system, boot);

	return nix(o, load, both, err);
}

/* Registers the paths as valid, with their signatures and without the mark of having been
 * built here, which Nix would take for a signature. */
static int fill_database(const char *path, const struct stage_options *o,
			 struct error *err)
{
	_cleanup_free_ char *store = xasprintf("local?root=%s", path);
	const char *const copy[] = {"nix",	   "store",	  "copy-sigs",
				    "--store",	   store,	  "--substituter",
				    "local",	   "--recursive", o->system,
				    o->boot_image, NULL};
	int r = load_database(store, o, err);

	if (r == 0)
		r = nix(o, copy, NULL, err);
	return r < 0 ? wrap(err, "Can't make the Nix database") : 0;
}

static int replace_symlink(int root, const char *target, const char *name,
			   struct error *err)
{
	int r = remove_tree_at(root, name);

	if (r == 0)
		r = make_parents_at(root, name);
	if (r == 0 && symlinkat(target, root, name) < 0)
		r = -errno;
	return r < 0 ? fail(err, r, "Can't make the link %s: %s", name, strerror(-r)) : 0;
}

/* What Nix leaves for itself, and the links that name the directory we are in. The empty
 * /nix/store/.links stays: without it Nix can't open a store that is mounted read-only.
 */
static int tidy(int root, struct error *err)
{
	static const char *const remove[] = {
		"nix/var/nix/db/reserved", "nix/var/nix/db/big-lock",
		"nix/var/nix/gc.lock", "nix/var/nix/temproots"};

	for (size_t i = 0; i < ELEMENTSOF(remove); i++) {
		int r = remove_tree_at(root, remove[i]);

		if (r < 0)
			return fail(err, r, "Can't remove %s: %s", remove[i],
				    strerror(-r));
	}
	return replace_symlink(root, "/nix/var/nix/profiles",
			       "nix/var/nix/gcroots/profiles", err);
}

static int write_links(int root, const struct stage_options *o, struct error *err)
{
	int r = replace_symlink(root, o->system, "nix/var/nix/profiles/system-1-link",
				err);

	if (r == 0)
		r = replace_symlink(root, o->boot_image,
				    "nix/var/nix/profiles/boot-image", err);
	return r < 0 ? r
		     : replace_symlink(root, "system-1-link",
				       "nix/var/nix/profiles/system", err);
}

static int write_closure(int root, const char *system, const struct closure *closure,
			 struct error *err)
{
	_cleanup_free_ char *name = xasprintf("nix/var/atomos/closures/%s.narinfo",
					      system + strlen(STORE_DIR "/"));
	_cleanup_free_ char *text = closure_format(closure);
	int r = make_parents_at(root, name);

	if (r == 0)
		r = write_file_at(root, name, text, strlen(text), 0444);
	return r < 0 ? fail(err, r, "Can't write %s: %s", name, strerror(-r)) : 0;
}

static int describe(int root, const char *path, const struct stage_options *o,
		    struct error *err)
{
	int r = fill_database(path, o, err);

	if (r == 0)
		r = tidy(root, err);
	if (r == 0)
		r = write_links(root, o, err);
	if (r == 0)
		r = write_closure(root, o->system, o->closure, err);
	return r < 0 ? r : write_closure(root, o->boot_image, o->boot_closure, err);
}

int stage_describe(const char *path, const struct stage_options *o, struct error *err)
{
	_cleanup_close_ int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? fail(err, -errno, "Can't open %s: %m", path)
			: describe(root, path, o, err);
}

int stage_make(const char *path, const struct stage_options *o, struct error *err)
{
	_cleanup_close_ int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root < 0)
		return fail(err, -errno, "Can't open %s: %m", path);
	if (make_parents_at(root, "nix/store/x") < 0 ||
	    make_parents_at(root, "state/x") < 0)
		return fail(err, -errno, "Can't make directories in %s", path);
	r = link_closure(root, o->closure, err);
	if (r == 0)
		r = link_closure(root, o->boot_closure, err);
	return r < 0 ? r : describe(root, path, o, err);
}
