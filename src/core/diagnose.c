/* SPDX-License-Identifier: MIT */
/* Finds out which file of a store path isn't as signed. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/diagnose.h"
#include "core/nar.h"
#include "core/verity.h"

/* How many files that nothing is known of are named. */
#define UNACCOUNTED_NAMED 3

/* How sure we are: what the verified manifest says goes before what the path says of
 * itself. */
enum suspicion {
	NONE,
	EXTRA,
	MISSING,
	CHANGED_BY_ITS_OWN,
	CHANGED,
};

struct expectation {
	char *path; /* in the store path */
	const struct manifest_entry *entry;
	bool verified, seen;
};

struct diagnosis {
	struct expectation *list; /* sorted by path; for one path, verified ones first */
	size_t count, capacity;
	bool complete; /* the path's own manifest names all its files */
	enum suspicion suspicion;
	char words[ERROR_MESSAGE_MAX];
	char unaccounted[ERROR_MESSAGE_MAX / 2]; /* files nothing is known of */
	size_t unaccounted_count;
	/* The file at hand. */
	char *path;
	struct verity *verity;
	uint64_t size;
	bool executable;
};

static void diagnosis_done(struct diagnosis *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->list[i].path);
	free(d->list);
	free(d->path);
	verity_free(d->verity);
}

_printf_(3, 4) static void suspect(struct diagnosis *d, enum suspicion s, const char *fmt,
				   ...)
{
	va_list ap;

	if (s <= d->suspicion)
		return;
	d->suspicion = s;
	va_start(ap, fmt);
	vsnprintf(d->words, sizeof(d->words), fmt, ap);
	va_end(ap);
}

static void expect(struct diagnosis *d, char *path, const struct manifest_entry *e,
		   bool verified)
{
	d->list = xgrow(d->list, d->count, &d->capacity, sizeof(*d->list));
	d->list[d->count++] = (struct expectation){path, e, verified, false};
}

static int compare(const void *a, const void *b)
{
	const struct expectation *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (int)y->verified - (int)x->verified;
}

static void expect_from_root(struct diagnosis *d, const char *base,
			     const struct manifest *m, bool verified)
{
	size_t length = strlen(base);

	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];

		if (!e->hardlink && S_ISREG(e->mode) && e->payload &&
		    strncmp(e->payload, base, length) == 0 && e->payload[length] == '/')
			expect(d, xstrdup(e->payload + length + 1), e, verified);
	}
}

/* Of a package only the files are in its store path: its manifest tells the rest. */
static void expect_from_package(struct diagnosis *d, const struct manifest *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];

		if (!e->hardlink && S_ISREG(e->mode))
			expect(d,
			       e->payload ? xstrdup(e->payload)
					  : xasprintf("data%s", e->path),
			       e, false);
	}
}

static size_t lower_bound(const struct diagnosis *d, const char *path)
{
	size_t low = 0, high = d->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(d->list[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The range of expectations for one path. */
static struct expectation *find(struct diagnosis *d, const char *path, size_t *ret_count)
{
	size_t low = lower_bound(d, path), n = 0;

	while (low + n < d->count && streq(d->list[low + n].path, path))
		d->list[low + n++].seen = true;
	*ret_count = n;
	return &d->list[low];
}

/* What the manifests say nothing about. */
static bool explained(const char *path)
{
	static const char *const names[] = {"",	    "manifest", "system.json", "control",
					    "data", "delta",	"files"};

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (streq(path, names[i]))
			return true;
	return startswith(path, "control/");
}

static void unknown(struct diagnosis *d, const char *path, const char *kind)
{
	static const char *const words[] = {"%s was changed", ", or %s", " or %s"};
	size_t used = strlen(d->unaccounted), n = d->unaccounted_count;

	if (d->complete && !explained(path))
		suspect(d, EXTRA, "%s was added (no signed path has this %s)", path,
			kind);
	else if (++d->unaccounted_count <= UNACCOUNTED_NAMED)
		snprintf(d->unaccounted + used, sizeof(d->unaccounted) - used,
			 words[MIN(n, 2)], path);
}

static int diagnose_symlink(void *context, const char *path, const char *target,
			    struct error *err)
{
	struct diagnosis *d = context;
	size_t count;
	struct expectation *x = find(d, path, &count);

	if (count == 0)
		unknown(d, path, "symlink");
	else
		suspect(d, x->verified ? CHANGED : CHANGED_BY_ITS_OWN,
			"%s was changed (it became a symlink)", path);
	return 0;
}

static int diagnose_directory(void *context, const char *path, struct error *err)
{
	struct diagnosis *d = context;
	_cleanup_free_ char *inside = xasprintf("%s/", path);
	size_t count, next = lower_bound(d, inside);
	struct expectation *x = find(d, path, &count);

	if (count > 0)
		suspect(d, x->verified ? CHANGED : CHANGED_BY_ITS_OWN,
			"%s was changed (it became a directory)", path);
	else if (d->complete && !explained(path) &&
		 (next == d->count || !startswith(d->list[next].path, inside)))
		suspect(d, EXTRA, "%s was added (no signed path has this directory)",
			path);
	return 0;
}

static int file_begin(void *context, const char *path, uint64_t size, bool executable,
		      struct error *err)
{
	struct diagnosis *d = context;

	free(d->path);
	d->path = xstrdup(path);
	d->size = size;
	d->executable = executable;
	return 0;
}

static int file_data(void *context, const void *data, size_t size, struct error *err)
{
	struct diagnosis *d = context;

	verity_update(d->verity, data, size);
	return 0;
}

static void compare_file(struct diagnosis *d, const struct expectation *x,
			 const uint8_t digest[SHA256_SIZE], bool check_mode)
{
	enum suspicion s = x->verified ? CHANGED : CHANGED_BY_ITS_OWN;
	/* What isn't verified may itself be what was changed: both are named. */
	const char *than = x->verified ? "the signed one" : "the one in manifest";
	const struct manifest_entry *e = x->entry;

	if (e->size != d->size ||
	    (e->has_digest && memcmp(e->digest, digest, SHA256_SIZE) != 0))
		suspect(d, s, "%s was changed (its content differs from %s)", d->path,
			than);
	else if (check_mode && !(e->mode & S_IXUSR) != !d->executable)
		suspect(d, CHANGED_BY_ITS_OWN,
			"%s was changed (its executable bit differs from %s)", d->path,
			than);
}

static int file_end(void *context, struct error *err)
{
	struct diagnosis *d = context;
	uint8_t digest[SHA256_SIZE];
	size_t count;
	struct expectation *x = find(d, d->path, &count);

	verity_final(d->verity, digest);
	if (count == 0)
		unknown(d, d->path, "file");
	/* The root may have given a file another mode than its package did: the package's
	 * own word on the bit counts where there is one; it stands last. */
	for (size_t i = 0; i < count; i++)
		compare_file(d, &x[i], digest, i + 1 == count);
	return 0;
}

static void find_missing(struct diagnosis *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct expectation *x = &d->list[i];

		/* An empty file need not be there: nothing is taken from it. */
		if (!x->seen && x->entry->payload)
			suspect(d, MISSING, "%s is missing", x->path);
	}
}

static const struct nar_sink sink = {
	.directory = diagnose_directory,
	.symlink = diagnose_symlink,
	.file_begin = file_begin,
	.file_data = file_data,
	.file_end = file_end,
};

/* True when a manifest names files of store paths: then it was a root's, before it was
 * changed into something that only passes as a package's. */
static bool names_store_paths(const struct manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (S_ISREG(m->entries[i].mode) && m->entries[i].payload &&
		    manifest_payload_base(m->entries[i].payload))
			return true;
	return false;
}

/* Reads BASE/manifest without following a symlink on the way. */
static void read_own_manifest(struct diagnosis *d, int store, const char *base,
			      struct manifest *ret)
{
	_cleanup_close_ int dir =
		openat(store, base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct error root_error = {0}, e = {0};
	size_t size;

	if (dir < 0 || read_file_at(dir, "manifest", MANIFEST_TEXT_MAX, &text, &size) < 0)
		return;
	if (manifest_parse(text, size, MANIFEST_ROOT, ret, &root_error) == 0) {
		expect_from_root(d, base, ret, false);
	} else if (manifest_parse(text, size, MANIFEST_PACKAGE, ret, &e) < 0) {
		suspect(d, CHANGED_BY_ITS_OWN, "manifest was changed (%s)", e.message);
	} else if (names_store_paths(ret)) {
		suspect(d, CHANGED_BY_ITS_OWN, "manifest was changed (%s)",
			root_error.message);
		return;
	} else {
		expect_from_package(d, ret);
	}
	d->complete = ret->count > 0;
}

int diagnose_path(int store, const char *base, const struct manifest *manifest,
		  struct error *err)
{
	_cleanup_(diagnosis_done) struct diagnosis d = {.verity = verity_new()};
	_cleanup_nar_walker_ struct nar_walker *w = nar_walker_new();
	_cleanup_manifest_ struct manifest own = {0};
	struct nar_walk walk = {.sink = &sink, .context = &d};
	uint8_t hash[SHA256_SIZE];
	int r;

	if (manifest)
		expect_from_root(&d, base, manifest, true);
	read_own_manifest(&d, store, base, &own);
	if (d.count > 0)
		qsort(d.list, d.count, sizeof(*d.list), compare);
	r = nar_hash(w, store, base, &walk, hash, NULL, err);
	if (r < 0)
		return r;
	find_missing(&d);
	if (d.suspicion == NONE && d.complete && d.unaccounted_count > 0)
		return fail(err, -EBADMSG, "%s%s (every other file is as it should be)",
			    d.unaccounted,
			    d.unaccounted_count > UNACCOUNTED_NAMED
				    ? " or another like them"
				    : "");
	return fail(err, -EBADMSG, "%s",
		    d.suspicion ? d.words : "differs from its signature");
}
