/* SPDX-License-Identifier: MIT */
/* Brings a lock in line with what a configuration asks for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/variant.h"
#include "atomos/apt.h"
#include "atomos/renew.h"

static void wanted_lists(sd_json_variant *decisions, struct lock *ret)
{
	sd_json_variant *packages = variant_get(decisions, "packages");
	const char *suite = variant_text(variant_get(decisions, "debian"), "suite");

	*ret = (struct lock){
		.suite = xstrdup(suite ? suite : ""),
		.base = variant_texts(packages, "base"),
		.requested = variant_texts(packages, "requested"),
		.sources = variant_texts(packages, "sources"),
	};
}

/* Adds a repository with its address as apt writes it: no slash at the end, one after
 * "file:". */
static void add_repository(struct apt *a, const struct apt_repository *described)
{
	const char *file = startswith(described->uri, "file:///");
	struct apt_repository r = {
		.name = xstrdup(described->name),
		.uri = file ? xasprintf("file:/%s", file) : xstrdup(described->uri),
		.suite = xstrdup(described->suite),
		.components = xstrdup(described->components),
		.key = xstrdup(described->key),
	};
	size_t n = strlen(r.uri);

	while (n > 1 && r.uri[n - 1] == '/')
		r.uri[--n] = 0;
	apt_add_repository(a, &r);
}

static const char *debian_keyring(void)
{
	static const char *const files[] = {
		"/usr/share/keyrings/debian-archive-keyring.pgp",
		"/usr/share/keyrings/debian-archive-keyring.gpg"};

	for (size_t i = 0; i < ELEMENTSOF(files); i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

static int add_debian(struct apt *a, sd_json_variant *decisions, struct error *err)
{
	sd_json_variant *debian = variant_get(decisions, "debian");
	_cleanup_apt_mirrors_ struct apt_mirrors mirrors = {0};
	_cleanup_strv_ char **list = variant_texts(debian, "components");
	_cleanup_free_ char *components = strv_join(list, " "), *security = NULL;
	struct apt_repository r = {
		.name = (char *)"main",
		.suite = (char *)variant_text(debian, "suite"),
		.components = components,
		.key = (char *)debian_keyring(),
	};
	int n;

	if (!r.key)
		return fail(err, -ENOENT,
			    "Debian's archive keys are missing: install "
			    "debian-archive-keyring");
	n = renew_mirrors(decisions, &mirrors, err);
	if (n < 0)
		return n;
	r.uri = mirrors.main;
	add_repository(a, &r);
	if (!mirrors.security)
		return 0;
	security = xasprintf("%s-security", r.suite);
	r.name = (char *)"security";
	r.uri = mirrors.security;
	r.suite = security;
	add_repository(a, &r);
	return 0;
}

static int add_extra(struct apt *a, sd_json_variant *debian, struct error *err)
{
	sd_json_variant *extra = variant_get(debian, "extraRepositories");
	size_t n = extra ? sd_json_variant_elements(extra) : 0;

	for (size_t i = 0; i < n; i += 2) {
		sd_json_variant *o = sd_json_variant_by_index(extra, i + 1);
		_cleanup_strv_ char **list = variant_texts(o, "components");
		_cleanup_free_ char *components = strv_join(list, " ");
		struct apt_repository r = {
			.name = (char *)sd_json_variant_string(
				sd_json_variant_by_index(extra, i)),
			.uri = (char *)variant_text(o, "uri"),
			.suite = (char *)variant_text(o, "suite"),
			.components = components,
			.key = (char *)variant_text(o, "key"),
		};

		if (!r.uri || !r.suite || !r.key)
			return fail(err, -EINVAL,
				    "debian.extraRepositories.%s lacks uri, suite or key",
				    r.name);
		add_repository(a, &r);
	}
	return 0;
}

/* The list with local files as absolute paths, for apt. */
static char **absolute(char *const *names, const char *directory)
{
	char **list = xcalloc(1, sizeof(char *));

	for (char *const *n = names; *n; n++) {
		const char *inside = startswith(*n, "./");

		list = inside ? strv_consume(list, xasprintf("%s/%s", directory, inside))
			      : strv_add(list, *n);
	}
	return list;
}

/* Local files are noted relative to the lock, and found by absolute paths. */
static void relate_local(struct lock *l, const char *directory, bool relative)
{
	_cleanup_free_ char *absolute_prefix = xasprintf("%s/", directory);
	const char *from = relative ? absolute_prefix : "./";
	const char *to = relative ? "./" : absolute_prefix;

	for (size_t i = 0; i < l->count; i++) {
		struct lock_package *p = &l->packages[i];
		const char *inside = startswith(p->path, from);
		char *path;

		if (!streq(p->repository, "local") || !inside)
			continue;
		path = xasprintf("%s%s", to, inside);
		free(p->path);
		p->path = path;
	}
}

static bool is_in_base(const struct lock *l, const char *name)
{
	_cleanup_free_ char *plain = xstrndup(name, strcspn(name, "="));
	const struct lock_package *p = lock_find(l, plain);

	for (size_t i = 0; !p && i < l->count; i++)
		if (streq(l->packages[i].repository, "local") &&
		    streq(l->packages[i].path, name))
			p = &l->packages[i];
	/* What can't be found (a virtual name) counts as base, to be safe. */
	return p ? !p->second : true;
}

enum removed {
	REMOVED_NONE,
	REMOVED_SECOND,
	REMOVED_BASE,
};

/* What of the old lists is gone, at its worst. */
static enum removed removed(const struct lock *old, const struct lock *wanted)
{
	char **lists[] = {old->base, old->requested};
	enum removed worst = REMOVED_NONE;

	for (size_t i = 0; i < ELEMENTSOF(lists); i++)
		for (char **n = lists[i]; *n; n++) {
			if (strv_contains(wanted->base, *n) ||
			    strv_contains(wanted->requested, *n))
				continue;
			worst = MAX(worst,
				    is_in_base(old, *n) ? REMOVED_BASE : REMOVED_SECOND);
		}
	/* What came from there must go or come from elsewhere, wherever it is. */
	for (char **s = old->sources; *s; s++)
		if (!strv_contains(wanted->sources, *s))
			worst = REMOVED_BASE;
	return worst;
}

static void copy_package(struct lock *to, const struct lock_package *p)
{
	struct lock_package copy = *p;

	copy.name = xstrdup(p->name);
	copy.version = xstrdup(p->version);
	copy.architecture = xstrdup(p->architecture);
	copy.sha256 = xstrdup(p->sha256);
	copy.repository = xstrdup(p->repository);
	copy.path = xstrdup(p->path);
	lock_add(to, &copy);
}

static void copy_packages(struct lock *to, const struct lock *from, bool base_only)
{
	for (size_t i = 0; i < from->count; i++)
		if (!base_only || !from->packages[i].second)
			copy_package(to, &from->packages[i]);
	lock_sort(to);
}

/* All names that are asked for, as apt gets them. */
static char **all_names(const struct lock *wanted, const char *directory)
{
	_cleanup_strv_ char **all = xcalloc(1, sizeof(char *));

	for (char **n = wanted->base; *n; n++)
		all = strv_add(all, *n);
	for (char **n = wanted->requested; *n; n++)
		if (!strv_contains(all, *n))
			all = strv_add(all, *n);
	return absolute(all, directory);
}

/* Keeps the base (and the second layer, when nothing of it goes) and puts what is missing
 * into the second layer. -EXDEV when the base would have to change. */
static int add_to(struct apt *a, const struct renew_request *q, const struct lock *wanted,
		  struct lock *ret, struct error *err)
{
	enum removed gone = removed(q->old, wanted);
	_cleanup_strv_ char **names = all_names(wanted, q->directory);
	_cleanup_lock_ struct lock kept = {0}, more = {0};
	int r;

	if (gone == REMOVED_BASE)
		return fail(err, -EXDEV,
			    "A package of the base or a repository is no longer "
			    "asked for");
	copy_packages(&kept, q->old, gone == REMOVED_SECOND);
	relate_local(&kept, q->directory, false);
	r = apt_resolve(a,
			&(struct apt_resolve){
				.names = names, .installed = &kept, .pinned = q->old},
			&more, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < more.count; i++)
		more.packages[i].second = true;
	copy_packages(ret, &kept, false);
	copy_packages(ret, &more, false);
	/* What is built of the base depends on the date: it stays. */
	ret->date = q->old->date;
	return 0;
}

/* Everything in the base; locked versions are kept where they can be had. */
static int fold(struct apt *a, const struct renew_request *q, const struct lock *wanted,
		struct lock *ret, struct error *err)
{
	_cleanup_strv_ char **names = all_names(wanted, q->directory);
	bool keep = q->old && !q->rebase && streq(q->old->suite, wanted->suite);

	ret->date = a->date;
	return apt_resolve(
		a, &(struct apt_resolve){.names = names, .pinned = keep ? q->old : NULL},
		ret, err);
}

/* The gentlest way that works. */
static int resolve(struct apt *a, const struct renew_request *q,
		   const struct lock *wanted, struct lock *ret, struct error *err)
{
	struct renew_request anew = *q;
	int r;

	if (!q->old || q->rebase || !streq(q->old->suite, wanted->suite))
		return fold(a, q, wanted, ret, err);
	r = q->fold ? -EXDEV : add_to(a, q, wanted, ret, err);
	if (r == -EXDEV)
		r = fold(a, q, wanted, ret, err);
	if (r != -ENOPKG)
		return r;
	/* Old and new versions don't go together: all of them new, perhaps. */
	anew.rebase = true;
	return fold(a, &anew, wanted, ret, err);
}

int renew_mirrors(sd_json_variant *decisions, struct apt_mirrors *ret, struct error *err)
{
	sd_json_variant *debian = variant_get(decisions, "debian");
	const char *suite = variant_text(debian, "suite");
	struct apt_mirrors configured = {
		.main = (char *)variant_text(debian, "mirror"),
		.security = (char *)variant_text(debian, "securityMirror"),
	};

	if (!suite)
		return fail(err, -EINVAL, "The configuration has no debian.suite");
	return apt_mirrors_find(&configured, suite, ret, err);
}

static void report(const struct renew_request *q, const char *what)
{
	if (q->progress)
		q->progress(q->progress_context, 0, 0, what);
}

int renew_lock(const struct renew_request *q, struct lock *ret, struct error *err)
{
	_cleanup_lock_ struct lock wanted = {0}, l = {0};
	_cleanup_apt_ struct apt a = {.lock = -EBADF};
	sd_json_variant *debian = variant_get(q->decisions, "debian");
	int r;

	report(q, "Fetching the package lists");
	wanted_lists(q->decisions, &wanted);
	r = apt_open(&a, err);
	if (r == 0)
		r = add_debian(&a, q->decisions, err);
	if (r == 0)
		r = add_extra(&a, debian, err);
	if (r == 0)
		r = apt_update(&a, err);
	report(q, "Choosing packages");
	if (r == 0)
		r = resolve(&a, q, &wanted, &l, err);
	if (r < 0)
		return r;
	relate_local(&l, q->directory, true);
	if (q->old)
		lock_copy_ids(&l, q->old);
	l.suite = TAKE_PTR(wanted.suite);
	l.base = TAKE_PTR(wanted.base);
	l.requested = TAKE_PTR(wanted.requested);
	l.sources = TAKE_PTR(wanted.sources);
	lock_sort(&l);
	*ret = l;
	l = (struct lock){0};
	return 0;
}
