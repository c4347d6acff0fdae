/* SPDX-License-Identifier: MIT */
/* From a configuration to store paths: decide, lock, build, keep, sign. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "base/variant.h"
#include "atomos/build.h"
#include "atomos/build-lock.h"
#include "atomos/evaluate.h"
#include "atomos/keys.h"
#include "atomos/nix-build.h"
#include "atomos/nix.h"
#include "atomos/roots.h"
#include "atomos/verb.h"

/* Rounds in which a build may find further numbers or lost packages. */
#define ROUNDS_MAX 6

static int load_keys(struct build *b, struct error *err)
{
	int r = keys_nix_public(b->result->place.keys, &b->key, err);

	if (r == -ENOENT && !b->request->boot)
		return 0;
	return r;
}

/* The first sentence of what is wrong with the configuration. */
static int check_decisions(const struct build *b, struct error *err)
{
	sd_json_variant *decisions = b->evaluated.decisions;
	_cleanup_strv_ char **assertions = variant_texts(decisions, "assertions");
	const char *wrong = variant_text(decisions, "error");
	_cleanup_free_ char *joined = NULL;

	if (wrong)
		return fail(err, -EINVAL, "%s", wrong);
	if (!*assertions)
		return 0;
	joined = strv_join(assertions, "\n");
	return fail(err, -EINVAL, "%s", joined);
}

static void show_warnings(const struct build *b)
{
	_cleanup_strv_ char **warnings =
		variant_texts(b->evaluated.decisions, "warnings");

	for (char **w = warnings; *w; w++)
		log_warning("Warning: %s", *w);
}

static int ask(struct build *b, struct error *err)
{
	struct evaluate e = {
		.place = &b->result->place,
		.flake = b->request->flake ? &b->flake : NULL,
		.vendor_key = b->key,
		.lock = b->has_lock,
		.paths = b->paths,
		.boot = b->request->boot,
	};
	int r;

	evaluated_done(&b->evaluated);
	r = evaluate(&e, &b->evaluated, err);
	return r < 0 ? r : check_decisions(b, err);
}

static bool have_all(const struct build *b)
{
	const struct evaluated *e = &b->evaluated;

	return roots_have(b->roots, "system", e->system) &&
	       roots_have(b->roots, "inputs", e->inputs) &&
	       (!b->request->boot || roots_have(b->roots, "boot", e->boot));
}

static int build_once(struct build *b, struct nix_log *log, struct error *err)
{
	_cleanup_free_ char *mirrors = NULL, *expression = NULL, *cache = place_cache();
	_cleanup_free_ char *log_file = xasprintf("%s/build.log", cache);
	const char *const attributes[] = {"inputs", "system",
					  b->request->boot ? "boot" : NULL, NULL};
	struct evaluate e = {
		.place = &b->result->place,
		.flake = b->request->flake ? &b->flake : NULL,
		.vendor_key = b->key,
		.lock = true,
	};
	struct nix_build n = {
		.attributes = attributes,
		.log_file = log_file,
		.progress = b->progress,
	};
	int r = build_mirrors(b, &mirrors, err);

	if (r < 0)
		return r;
	e.mirrors = mirrors;
	n.expression = expression = evaluate_expression(&e);
	return nix_build(&n, log, err);
}

/* Builds again as long as the lock can be helped by what a build found out. */
static int build_all(struct build *b, struct error *err)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		_cleanup_nix_log_ struct nix_log log = {0};
		int r = build_once(b, &log, err);

		if (r == 0)
			return 0;
		r = build_help_lock(b, &log, err);
		if (r < 0)
			return r;
		r = ask(b, err);
		if (r < 0)
			return r;
	}
	return fail(err, -ELOOP,
		    "The builder asks for new system numbers again and again");
}

static int keep(const struct build *b, struct error *err)
{
	const struct evaluated *e = &b->evaluated;
	int r = roots_set(b->roots, "inputs", e->inputs, err);

	if (r == 0)
		r = roots_set(b->roots, "system", e->system, err);
	if (r == 0 && b->request->boot)
		r = roots_set(b->roots, "boot", e->boot, err);
	return r;
}

static int sign_one(const struct build *b, const char *name, const char *path,
		    struct error *err)
{
	_cleanup_free_ char *secret =
		xasprintf("%s/nix-secret-key", b->result->place.keys);
	_cleanup_free_ char *note = xasprintf("%s %s\n", path, b->key);
	_cleanup_free_ char *noted = xasprintf("%s-signed", name);
	int r;

	if (!b->result->built && roots_noted(b->roots, noted, note))
		return 0;
	r = nix_sign(path, secret, err);
	return r == 0 ? roots_note(b->roots, noted, note, err) : r;
}

static int sign(struct build *b, struct error *err)
{
	int r;

	if (!b->key) {
		log_info("Not signed: there are no vendor keys in %s; 'atomos keys new' "
			 "makes them.",
			 b->result->place.keys);
		return 0;
	}
	r = sign_one(b, "system", b->evaluated.system, err);
	if (r == 0 && b->request->boot)
		r = sign_one(b, "boot", b->evaluated.boot, err);
	b->result->is_signed = r == 0;
	return r;
}

static int find_place(struct build *b, struct error *err)
{
	const struct build_request *q = b->request;
	_cleanup_free_ char *what = NULL;
	int r;

	if (q->flake && q->configuration)
		return fail(err, -EMISUSE,
			    "--flake and --configuration exclude each other");
	r = q->flake ? flake_find(q->flake, &b->result->place, &b->flake, err)
		     : place_find(q->configuration, &b->result->place, err);
	if (r < 0)
		return r;
	/* One directory for all: what the boot image trusts is what signs the system. */
	if (q->keys) {
		free(b->result->place.keys);
		b->result->place.keys = xstrdup(q->keys);
	}
	what = xasprintf("%s#%s", b->result->place.configuration,
			 b->flake.name ? b->flake.name : "");
	b->roots = roots_directory(what);
	return 0;
}

/* Finds and evaluates the configuration. */
static int prepare(struct build *b, struct error *err)
{
	int r = find_place(b, err);

	if (r == 0)
		r = load_keys(b, err);
	if (r == 0 && !b->request->rebase)
		r = build_load_lock(b, err);
	/* A lock that can't be read doesn't stop its being made anew. */
	if (r == 0 && b->request->rebase && build_load_lock(b, NULL) < 0)
		b->has_lock = false;
	if (r == 0)
		r = ask(b, err);
	if (r == 0)
		show_warnings(b);
	return r;
}

static int refresh_lock(struct build *b, struct error *err)
{
	if (b->evaluated.fresh && !b->request->rebase && !build_local_changed(b))
		return 0;
	return build_renew_lock(b, err);
}

static int build(struct build *b, struct error *err)
{
	int r = prepare(b, err);

	if (r == 0)
		r = refresh_lock(b, err);
	if (r == 0 && b->renewed)
		r = ask(b, err);
	if (r < 0)
		return r;
	if (!b->evaluated.fresh)
		return fail(err, -EINVAL,
			    "%s doesn't match the configuration that it was made for",
			    b->result->place.lock);
	if (!have_all(b)) {
		b->result->built = true;
		r = build_all(b, err);
		if (r == 0)
			r = keep(b, err);
	}
	return r == 0 ? sign(b, err) : r;
}

static void build_done(struct build *b)
{
	progress_free(b->progress);
	evaluated_done(&b->evaluated);
	lock_done(&b->lock);
	flake_done(&b->flake);
	free(b->roots);
	free(b->key);
}

int build_run(const struct build_request *request, struct build_result *ret,
	      struct error *err)
{
	_cleanup_build_result_ struct build_result result = {0};
	_cleanup_(build_done) struct build b = {
		.request = request,
		.result = &result,
		.progress = progress_new(stderr, request->quiet),
		.paths = true,
	};
	int r = build(&b, err);

	if (r < 0)
		return r;
	result.decisions = TAKE_PTR(b.evaluated.decisions);
	result.system = TAKE_PTR(b.evaluated.system);
	result.boot = TAKE_PTR(b.evaluated.boot);
	*ret = result;
	result = (struct build_result){0};
	return 0;
}

void build_result_done(struct build_result *b)
{
	place_done(&b->place);
	sd_json_variant_unref(b->decisions);
	free(b->system);
	free(b->boot);
	*b = (struct build_result){0};
}

int build_lock(const struct build_request *request, struct lock_result *ret,
	       struct error *err)
{
	_cleanup_build_result_ struct build_result result = {0};
	_cleanup_(build_done) struct build b = {
		.request = request,
		.result = &result,
		.progress = progress_new(stderr, request->quiet),
	};
	int r = prepare(&b, err);

	if (r == 0)
		r = refresh_lock(&b, err);
	if (r < 0)
		return r;
	*ret = (struct lock_result){
		.path = xstrdup(result.place.lock),
		.packages = b.lock.count,
		.changed = b.renewed,
	};
	for (size_t i = 0; i < b.lock.count; i++)
		ret->bytes += b.lock.packages[i].size;
	return 0;
}

void lock_result_done(struct lock_result *l)
{
	free(l->path);
	*l = (struct lock_result){0};
}
