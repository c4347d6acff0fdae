/* SPDX-License-Identifier: MIT */
/* Verifies store paths in parallel against their signed hashes. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/workers.h"
#include "core/diagnose.h"
#include "core/engine.h"
#include "core/prefetch.h"

#define PROGRESS_INTERVAL 0.05

struct run {
	const struct engine *engine;
	const struct trusted_closure *closure;
	const struct engine_sink *sink;
	const struct trusted_path **order;
	struct nar_walker **walkers; /* one for each worker, made when it starts */
	_Atomic uint64_t done;
	_Atomic size_t started, next_ahead; /* paths being hashed, and asked for */
	_Atomic uint64_t ahead;		    /* bytes of files asked for */
	_Atomic bool stop;
	size_t count;
	pthread_mutex_t progress_lock;
	double last_progress;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(struct run *run, bool always)
{
	const struct engine *e = run->engine;
	double t;

	/* Who finds another one reporting goes on hashing. */
	if (!e->progress || pthread_mutex_trylock(&run->progress_lock) != 0)
		return;
	t = now();
	if (always || t - run->last_progress >= PROGRESS_INTERVAL) {
		run->last_progress = t;
		e->progress(e->progress_context, MIN(run->done, run->closure->nar_size),
			    run->closure->nar_size);
	}
	pthread_mutex_unlock(&run->progress_lock);
}

static void count_bytes(void *context, uint64_t bytes)
{
	struct run *run = context;

	run->done += bytes;
	report(run, false);
}

/* Walks one path and compares. Returns 1 when it isn't the signed one. */
static int hash_path(struct nar_walker *w, int store, const struct path_info *info,
		     const struct nar_walk *walk, struct error *err)
{
	uint8_t hash[SHA256_SIZE];
	int r = nar_hash(w, store, info->base, walk, hash, NULL, err);

	if (r < 0)
		return r;
#ifndef WITHOUT_CHECK_NAR_HASH
	if (memcmp(hash, info->nar_hash, SHA256_SIZE) != 0)
		return 1;
#endif
	return 0;
}

static int verify_path(struct nar_walker *w, const struct engine *e,
		       const struct path_info *info, const struct nar_walk *walk,
		       struct error *err)
{
	int r = hash_path(w, e->store, info, walk, err);

	/* A walk that failed has named the file, but a missing or swapped one may be said
	 * better by comparing with the manifest. */
	if (r == 0)
		return 0;
	if (r == 1)
		r = diagnose_path(e->store, info->base, e->manifest, err);
	return wrap(err, STORE_DIR "/%s", info->base);
}

int engine_verify_path(const struct engine *e, const struct trusted_path *path,
		       const struct nar_sink *sink, void *context, struct error *err)
{
	_cleanup_nar_walker_ struct nar_walker *w = nar_walker_new();
	struct nar_walk walk = {
		.sink = sink, .context = context, .drop_cache = e->drop_cache};

	return verify_path(w, e, path->info, &walk, err);
}

/* Waits while enough is asked for; what is done counts NARs, a little more than files.
 * Where no thread is left to hash, nobody waits: reading ahead is a help, never a
 * condition. */
static bool prefetch_wait(void *context, uint64_t size)
{
	static const struct timespec pause = {.tv_nsec = 2000000};
	struct run *run = context;

	run->ahead += size;
	while (!run->stop && run->ahead > run->done + ENGINE_AHEAD) {
		if (run->started == 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return !run->stop;
}

static void prefetch_task(struct run *run)
{
	bool go = true;
	size_t i;

	while (go && (i = run->next_ahead++) < run->count) {
		const struct path_info *info = run->order[i]->info;

		/* Who hashes it was faster. */
		if (i < run->started)
			run->ahead += info->nar_size;
		else
			go = prefetch_path(run->engine->store, info->base, prefetch_wait,
					   run);
	}
}

static int verify_task(struct run *run, size_t index, unsigned worker, struct error *err)
{
	const struct engine_sink *sink = run->sink;
	const struct path_info *info = run->order[index]->info;
	struct nar_walk walk = {.sink = sink ? sink->nar : NULL,
				.progress = count_bytes,
				.progress_context = run,
				.drop_cache = run->engine->drop_cache};
	int r = 0;

	/* Tasks start in their order. */
	run->started++;
	if (!run->walkers[worker])
		run->walkers[worker] = nar_walker_new();
	if (sink && sink->path_begin)
		r = sink->path_begin(sink->context, info, worker, &walk.context, err);
	if (r == 0)
		r = verify_path(run->walkers[worker], run->engine, info, &walk, err);
	if (r == 0 && sink && sink->path_end)
		r = sink->path_end(sink->context, walk.context, err);
	if (r < 0)
		run->stop = true;
	return r;
}

/* The first tasks read ahead, all others hash a path. */
static int task(void *context, size_t index, unsigned worker, struct error *err)
{
	struct run *run = context;
	unsigned prefetch = run->engine->prefetch;

	if (index >= prefetch)
		return verify_task(run, index - prefetch, worker, err);
	prefetch_task(run);
	return 0;
}

static int compare_sizes(const void *a, const void *b)
{
	const struct path_info *x = (*(const struct trusted_path *const *)a)->info;
	const struct path_info *y = (*(const struct trusted_path *const *)b)->info;

	if (x->nar_size != y->nar_size)
		return x->nar_size > y->nar_size ? -1 : 1;
	return strcmp(x->base, y->base);
}

/* Largest first: the last path to end is then a small one, and no processor waits long.
 */
static void put_in_order(struct run *run, size_t first)
{
	const struct trusted_closure *c = run->closure;

	run->order = xcalloc(c->count - first, sizeof(*run->order));
	for (size_t i = 0; i < first; i++)
		run->done += c->paths[i].info->nar_size;
	for (size_t i = first; i < c->count; i++)
		run->order[i - first] = &c->paths[i];
	if (c->count > first)
		qsort(run->order, c->count - first, sizeof(*run->order), compare_sizes);
}

static void run_done(struct run *run, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++)
		nar_walker_free(run->walkers[i]);
	free(run->walkers);
	free(run->order);
	pthread_mutex_destroy(&run->progress_lock);
}

int engine_run(const struct engine *e, const struct trusted_closure *closure,
	       size_t first, const struct engine_sink *sink, struct engine_result *ret,
	       struct error *err)
{
	unsigned threads = e->prefetch + (e->threads ? e->threads : workers_default());
	struct run run = {.engine = e,
			  .closure = closure,
			  .sink = sink,
			  .count = closure->count - MIN(first, closure->count),
			  .progress_lock = PTHREAD_MUTEX_INITIALIZER,
			  .walkers = xcalloc(threads, sizeof(*run.walkers))};
	double start = now();
	int r;

	put_in_order(&run, MIN(first, closure->count));
	run.ahead = run.done;
	r = workers_run(threads, e->prefetch + run.count, task, &run, err);
	if (r == 0) {
		run.done = closure->nar_size;
		report(&run, true);
		*ret = (struct engine_result){.paths = closure->count,
					      .bytes = closure->nar_size,
					      .seconds = now() - start};
		snprintf(ret->key, sizeof(ret->key), "%s", closure->paths[0].key->name);
	}
	run_done(&run, threads);
	return r;
}

/* Keeps the text of the file "manifest" at the top. */
struct keep_manifest {
	char *text;
	size_t size, capacity;
	bool open;
};

static int keep_begin(void *context, const char *path, uint64_t size, bool executable,
		      struct error *err)
{
	struct keep_manifest *k = context;

	k->open = streq(path, "manifest") && size <= MANIFEST_TEXT_MAX;
	if (k->open)
		k->text = xrealloc(k->text, k->capacity = size + 1, 1);
	return 0;
}

static int keep_data(void *context, const void *data, size_t size, struct error *err)
{
	struct keep_manifest *k = context;

	if (!k->open)
		return 0;
	memcpy(k->text + k->size, data, size);
	k->size += size;
	return 0;
}

static const struct nar_sink keep_sink = {.file_begin = keep_begin,
					  .file_data = keep_data};

int verify_store_path(const struct engine *e, const struct closure *closure,
		      const char *system, const struct trusted_keys *keys,
		      struct engine_result *ret, struct error *err)
{
	_cleanup_trusted_closure_ struct trusted_closure found = {0};
	_cleanup_manifest_ struct manifest manifest = {0};
	struct keep_manifest keep = {0};
	struct engine with_manifest = *e;
	double start = now();
	int r = closure_resolve(closure, system, keys, &found, err);

	if (r < 0)
		return r;
	r = engine_verify_path(e, &found.paths[0], &keep_sink, &keep, err);
	/* Any store path will do here: one without a manifest has nothing to name files
	 * by. */
	if (keep.text)
		keep.text[keep.size] = 0;
	if (r == 0 && keep.text &&
	    manifest_parse_owned(TAKE_PTR(keep.text), keep.size, MANIFEST_ROOT, &manifest,
				 NULL) == 0)
		with_manifest.manifest = &manifest;
	free(keep.text);
	if (r == 0)
		r = engine_run(&with_manifest, &found, 1, NULL, ret, err);
	if (r == 0)
		ret->seconds = now() - start;
	return r;
}
