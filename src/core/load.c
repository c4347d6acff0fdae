/* SPDX-License-Identifier: MIT */
/* Makes a root in RAM out of a verified closure. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/workers.h"
#include "core/large.h"
#include "core/load-plan.h"
#include "core/load.h"

/* A file of the system's own path. */
struct captured {
	char *path;
	char *data;
	size_t size, fill;
};

struct load {
	const struct engine *engine;
	const struct trusted_closure *closure;
	struct manifest manifest;
	struct plan plan;
	struct captured *files; /* in NAR order */
	size_t file_count, file_capacity;
	uint64_t captured_size;
	double seconds;
};

static int capture_begin(void *context, const char *path, uint64_t size, bool executable,
			 struct error *err)
{
	struct load *l = context;

	if (size > SYSTEM_PATH_MAX - l->captured_size)
		return fail(err, -EFBIG,
			    "%s makes the system's own path larger than %u MiB", path,
			    SYSTEM_PATH_MAX >> 20);
	l->captured_size += size;
	l->files = xgrow(l->files, l->file_count, &l->file_capacity, sizeof(*l->files));
	l->files[l->file_count++] =
		(struct captured){xstrdup(path), large_alloc(size + 1), size, 0};
	return 0;
}

static int capture_data(void *context, const void *data, size_t size, struct error *err)
{
	struct load *l = context;
	struct captured *c = &l->files[l->file_count - 1];

	memcpy(c->data + c->fill, data, size);
	c->fill += size;
	return 0;
}

static int capture_end(void *context, struct error *err)
{
	struct load *l = context;
	struct captured *c = &l->files[l->file_count - 1];

	c->data[c->fill] = 0;
	return 0;
}

static const struct nar_sink capture_sink = {
	.file_begin = capture_begin,
	.file_data = capture_data,
	.file_end = capture_end,
};

static struct captured *find_captured(const struct load *l, const char *path)
{
	for (size_t i = 0; i < l->file_count; i++)
		if (streq(l->files[i].path, path))
			return &l->files[i];
	return NULL;
}

void load_free(struct load *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->file_count; i++) {
		free(l->files[i].path);
		free(l->files[i].data);
	}
	free(l->files);
	plan_done(&l->plan);
	manifest_done(&l->manifest);
	free(l);
}

const char *load_system_json(const struct load *l, size_t *ret_size)
{
	const struct captured *c = find_captured(l, "system.json");

	if (ret_size)
		*ret_size = c->size;
	return c->data;
}

const struct manifest *load_manifest(const struct load *l)
{
	return &l->manifest;
}

static int parse_system(struct load *l, struct error *err)
{
	const char *base = l->closure->paths[0].info->base;
	struct captured *manifest = find_captured(l, "manifest");
	const struct captured *json = find_captured(l, "system.json");
	int r;

	if (!manifest || !json || json->size > SYSTEM_JSON_MAX)
		return fail(err, -EBADMSG, STORE_DIR "/%s is not a system: it has no %s",
			    base, manifest ? "usable system.json" : "manifest");
	r = manifest_parse_owned(TAKE_PTR(manifest->data), manifest->size, MANIFEST_ROOT,
				 &l->manifest, err);
	if (r == 0)
		r = plan_make(&l->plan, &l->manifest, l->closure, err);
	if (r < 0)
		return wrap(err, STORE_DIR "/%s: manifest", base);
	return 0;
}

int load_open(const struct engine *e, const struct trusted_closure *closure,
	      struct load **ret, struct error *err)
{
	_cleanup_load_ struct load *l = xcalloc(1, sizeof(*l));
	struct engine plain = *e;
	int r;

	plain.manifest = NULL;
	l->engine = e;
	l->closure = closure;
	r = engine_verify_path(&plain, &closure->paths[0], &capture_sink, l, err);
	if (r == 0)
		r = parse_system(l, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

/* Filling the root. */

/* One worker's place in the store path that it walks. */
struct cursor {
	struct placer placer;
	struct path_plan *path;
	size_t next;
	bool writing;
	/* The first file whose size isn't the manifest's: only said when the hash is
	 * good. */
	const struct placement *odd;
};

struct fill {
	struct plan *plan;
	struct cursor *cursors;
};

static int fill_path_begin(void *context, const struct path_info *info, unsigned worker,
			   void **ret_context, struct error *err)
{
	struct fill *f = context;
	struct cursor *c = &f->cursors[worker];

	c->path = plan_find(f->plan, info->base);
	c->next = 0;
	c->writing = false;
	c->odd = NULL;
	*ret_context = c;
	return 0;
}

/* Both the walk and the plan are in NAR order: one step forward for each file. */
static int fill_file_begin(void *context, const char *path, uint64_t size,
			   bool executable, struct error *err)
{
	struct cursor *c = context;
	struct placement *list = c->path->list;
	size_t first, count = c->path->count;

	while (c->next < count && manifest_compare_paths(list[c->next].source, path) < 0)
		c->next++;
	first = c->next;
	while (c->next < count && streq(list[c->next].source, path)) {
		if (list[c->next].entry->size != size && !c->odd)
			c->odd = &list[c->next];
		c->next++;
	}
	c->writing = c->next > first;
	if (!c->writing)
		return 0;
	return placer_begin(&c->placer, &list[first], c->next - first, err);
}

static int fill_file_data(void *context, const void *data, size_t size, struct error *err)
{
	struct cursor *c = context;

	return c->writing ? placer_data(&c->placer, data, size, err) : 0;
}

static int fill_file_end(void *context, struct error *err)
{
	struct cursor *c = context;

	return c->writing ? placer_end(&c->placer, err) : 0;
}

/* The path is as signed: now it must hold what the manifest says of it. */
static int check_delivered(const struct path_plan *path, const struct placement *odd,
			   struct error *err)
{
#ifndef WITHOUT_CHECK_DELIVERED
	for (size_t i = 0; i < path->count; i++)
		if (!path->list[i].delivered)
			return fail(
				err, -EBADMSG,
				STORE_DIR
				"/%s: %s is missing, but the manifest needs it for %s",
				path->info->base, path->list[i].source,
				path->list[i].entry->path);
	if (odd)
		return fail(err, -EBADMSG,
			    STORE_DIR
			    "/%s: %s has another size than the manifest says for %s",
			    path->info->base, odd->source, odd->entry->path);
#endif
	return 0;
}

static int fill_path_end(void *context, void *path_context, struct error *err)
{
	struct cursor *c = path_context;

	return check_delivered(c->path, c->odd, err);
}

static const struct nar_sink fill_nar_sink = {
	.file_begin = fill_file_begin,
	.file_data = fill_file_data,
	.file_end = fill_file_end,
};

/* The system's own files come from memory: they were read while their path was verified.
 */
static int fill_from_memory(struct load *l, struct fill *f, struct error *err)
{
	void *c;
	int r = fill_path_begin(f, l->closure->paths[0].info, 0, &c, err);

	for (size_t i = 0; r == 0 && i < l->file_count; i++) {
		struct captured *file = &l->files[i];

		if (!file->data)
			continue;
		r = fill_file_begin(c, file->path, file->size, false, err);
		if (r == 0)
			r = fill_file_data(c, file->data, file->size, err);
		if (r == 0)
			r = fill_file_end(c, err);
	}
	return r < 0 ? r : fill_path_end(f, c, err);
}

static int fill_root(struct load *l, int target, unsigned threads,
		     struct engine_result *ret, struct error *err)
{
	unsigned workers = threads + l->engine->prefetch;
	_cleanup_free_ struct cursor *cursors = xcalloc(workers, sizeof(*cursors));
	struct fill f = {&l->plan, cursors};
	struct engine_sink sink = {&fill_nar_sink, fill_path_begin, fill_path_end, &f};
	struct engine e = *l->engine;
	int r;

	e.threads = threads;
	e.manifest = &l->manifest;
	for (unsigned i = 0; i < workers; i++)
		placer_init(&cursors[i].placer, target);
	r = tree_make_directories(target, &l->manifest, err);
	if (r == 0)
		r = fill_from_memory(l, &f, err);
	if (r == 0)
		r = engine_run(&e, l->closure, 1, &sink, ret, err);
	if (r == 0)
		r = tree_finish(target, &l->manifest, threads, err);
	for (unsigned i = 0; i < workers; i++)
		placer_done(&cursors[i].placer);
	return r;
}

int load_run(struct load *l, int target, struct engine_result *ret, struct error *err)
{
	unsigned threads = l->engine->threads ? l->engine->threads : workers_default();
	mode_t mask = umask(0);
	int r = fill_root(l, target, threads, ret, err);

	umask(mask);
	return r;
}
