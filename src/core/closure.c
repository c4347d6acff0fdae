/* SPDX-License-Identifier: MIT */
/* Which paths a system needs, and whether each has a good signature. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/workers.h"
#include "core/narinfo.h"

void trusted_closure_done(struct trusted_closure *t)
{
	free(t->paths);
	*t = (struct trusted_closure){0};
}

const struct trusted_path *trusted_closure_find(const struct trusted_closure *t,
						const char *base)
{
	for (size_t i = 0; i < t->count; i++)
		if (streq(t->paths[i].info->base, base))
			return &t->paths[i];
	return NULL;
}

struct walk {
	const struct closure *closure;
	struct trusted_closure *found;
	bool *seen; /* by index in closure */
};

static int visit(struct walk *w, const char *base, const char *referrer,
		 struct error *err)
{
	const struct path_info *p = closure_find(w->closure, base);
	size_t i;

	if (!p) {
#ifdef WITHOUT_CHECK_CLOSURE_COMPLETE
		if (referrer)
			return 0;
#endif
		return fail(err, -ENOENT,
			    STORE_DIR
			    "/%s is needed%s%s but not described in the closure",
			    base, referrer ? " by " STORE_DIR "/" : "",
			    referrer ? referrer : "");
	}
	i = (size_t)(p - w->closure->paths);
	if (w->seen[i])
		return 0;
	w->seen[i] = true;
	w->found->paths[w->found->count++].info = p;
	if (__builtin_add_overflow(w->found->nar_size, p->nar_size, &w->found->nar_size))
		return fail(err, -EOVERFLOW, STORE_DIR "/%s has an impossible size",
			    base);
	return 0;
}

struct check {
	const struct trusted_keys *keys;
	struct trusted_closure *found;
};

static int refuse(const struct path_info *p, const struct trusted_keys *keys,
		  struct error *err)
{
	for (char **s = p->signatures; *s; s++) {
		_cleanup_free_ char *name = xstrndup(*s, strcspn(*s, ":"));

		if (trusted_keys_find(keys, name))
			return fail(err, -EKEYREJECTED,
				    STORE_DIR "/%s has a wrong signature by the key %s",
				    p->base, name);
	}
	if (*p->signatures)
		return fail(err, -ENOKEY,
			    STORE_DIR "/%s is signed by %.*s, which is not a trusted key",
			    p->base, (int)strcspn(*p->signatures, ":"), *p->signatures);
	if (p->content_addressed)
		return fail(err, -ENOKEY,
			    STORE_DIR "/%s is content-addressed and has no signature",
			    p->base);
	return fail(err, -ENOKEY, STORE_DIR "/%s has no signature", p->base);
}

static int check_signature(void *context, size_t index, unsigned worker,
			   struct error *err)
{
	struct check *c = context;
	struct trusted_path *t = &c->found->paths[index];
	_cleanup_free_ char *text = path_info_fingerprint(t->info);

	for (char **s = t->info->signatures; *s && !t->key; s++)
		t->key = signature_check(c->keys, *s, text, strlen(text));
	if (t->key)
		return 0;
#ifdef WITHOUT_CHECK_CONTENT_ADDRESSED
	if (t->info->content_addressed) {
		t->key = &c->keys->keys[0];
		return 0;
	}
#endif
#ifdef WITHOUT_CHECK_SIGNATURE
	if (*t->info->signatures) {
		t->key = &c->keys->keys[0];
		return 0;
	}
#endif
	return refuse(t->info, c->keys, err);
}

int closure_resolve(const struct closure *c, const char *system,
		    const struct trusted_keys *keys, struct trusted_closure *ret,
		    struct error *err)
{
	_cleanup_trusted_closure_ struct trusted_closure found = {0};
	_cleanup_free_ bool *seen = xcalloc(c->count, sizeof(bool));
	struct walk w = {c, &found, seen};
	struct check check = {keys, &found};
	int r;

	*ret = found;
	found.paths = xcalloc(c->count, sizeof(*found.paths));
	r = visit(&w, system, NULL, err);
	for (size_t i = 0; r == 0 && i < found.count; i++) {
		const struct path_info *p = found.paths[i].info;

		for (char **s = p->references; r == 0 && *s; s++)
			r = visit(&w, *s, p->base, err);
	}
	if (r == 0)
		r = workers_run(workers_default(), found.count, check_signature, &check,
				err);
	if (r < 0)
		return r;
	*ret = TAKE_AS(found, (struct trusted_closure){0});
	return 0;
}
