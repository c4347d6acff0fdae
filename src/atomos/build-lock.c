/* SPDX-License-Identifier: MIT */
/* The part of a build that concerns its lock: fresh, renewed, helped along. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/variant.h"
#include "core/hash.h"
#include "atomos/add-files.h"
#include "atomos/build-lock.h"
#include "atomos/lock-ids.h"
#include "atomos/renew.h"

int build_load_lock(struct build *b, struct error *err)
{
	int r = lock_load(b->result->place.lock, &b->lock, err);

	b->has_lock = r == 0;
	return r == -ENOENT ? 0 : r;
}

static bool is_as_locked(const struct lock_package *p, const char *directory)
{
	const char *inside = startswith(p->path, "./");
	_cleanup_free_ char *path =
		inside ? xasprintf("%s/%s", directory, inside) : xstrdup(p->path);
	_cleanup_free_ char *data = NULL;
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	size_t size;

	if (read_file_at(AT_FDCWD, path, APT_DEB_MAX, &data, &size) < 0)
		return false;
	sha256_buffer(data, size, digest);
	hex_encode(digest, SHA256_SIZE, hex);
	return streq(hex, p->sha256);
}

bool build_local_changed(const struct build *b)
{
	for (size_t i = 0; i < b->lock.count; i++)
		if (streq(b->lock.packages[i].repository, "local") &&
		    !is_as_locked(&b->lock.packages[i], b->result->place.directory))
			return true;
	return false;
}

static void say_what_changed(const struct build *b, const struct lock *new)
{
	_cleanup_free_ char *words = NULL;

	progress_clear(b->progress);
	if (!b->has_lock) {
		log_info("%s: made, %zu packages.", b->result->place.lock, new->count);
		return;
	}
	words = lock_difference(&b->lock, new);
	log_info("%s: renewed, %s.", b->result->place.lock,
		 words ? words : "the packages are the same");
}

int build_renew_lock(struct build *b, struct error *err)
{
	struct renew_request q = {
		.decisions = b->evaluated.decisions,
		.directory = b->result->place.directory,
		.old = b->has_lock ? &b->lock : NULL,
		.fold = build_local_changed(b),
		.rebase = b->request->rebase,
		.progress = progress_report,
		.progress_context = b->progress,
	};
	_cleanup_lock_ struct lock new = {0};
	int r;

	if (b->request->frozen)
		return fail(err, -EPERM,
			    "%s %s, and --frozen forbids to change it: run 'atomos lock'",
			    b->result->place.lock,
			    b->has_lock ? "doesn't match the configuration"
					: "isn't there");
	r = renew_lock(&q, &new, err);
	if (r == 0)
		r = lock_save(b->result->place.lock, &new, err);
	if (r < 0)
		return r;
	say_what_changed(b, &new);
	lock_done(&b->lock);
	b->lock = new;
	new = (struct lock){0};
	b->has_lock = b->renewed = true;
	return 0;
}

static int take_ids(struct build *b, const struct nix_log *log, struct error *err)
{
	size_t added = 0;

	if (b->request->frozen)
		return fail(err, -EPERM,
			    "%s lacks the number of a system user or group (%s), and "
			    "--frozen "
			    "forbids to add it",
			    b->result->place.lock, log->ids[0]);
	for (char **line = log->ids; *line; line++) {
		int r = lock_ids_take(&b->lock, *line, err);

		if (r < 0)
			return r;
		added += (size_t)r;
	}
	/* Else the builder would ask the same again. */
	if (!added)
		return fail(err, -EBADMSG,
			    "The builder doesn't take the numbers of the lock");
	progress_clear(b->progress);
	log_info("%s: %zu numbers of system users and groups noted.",
		 b->result->place.lock, added);
	return lock_save(b->result->place.lock, &b->lock, err);
}

/* The mirror says that the file isn't there (any more). */
static bool is_gone(const struct nix_log *log, int code)
{
	const char *line = log->failed_line;

	return code == -ENOENT ||
	       (line && strstr(line, "unable to download") &&
		(strstr(line, "error 404") || strstr(line, "error 410")));
}

int build_help_lock(struct build *b, const struct nix_log *log, struct error *err)
{
	struct error failure = *err;
	_cleanup_free_ char *before = lock_format(&b->lock), *after = NULL;
	int r;

	if (log->ids)
		return take_ids(b, log, err);
	if (!is_gone(log, failure.code) || b->renewed || b->request->frozen)
		return failure.code;
	progress_clear(b->progress);
	if (log->failed)
		log_info("%s can't be had any more.", log->failed);
	else
		log_info("%s.", failure.message);
	r = build_renew_lock(b, err);
	if (r < 0)
		return r;
	after = lock_format(&b->lock);
	if (!streq(before, after))
		return 0;
	*err = failure;
	return failure.code;
}

/* Adds NAME = "URI"; a mirror on disk is read at once. */
static int add_mirror(struct build *b, const char *name, const char *uri, char **mirrors,
		      struct error *err)
{
	_cleanup_free_ char *before = *mirrors, *quoted = nix_quote(uri);
	_cleanup_free_ char *key = nix_quote(name);
	const char *directory = startswith(uri, "file://");

	*mirrors = xasprintf("%s%s = %s; ", before, key, quoted);
	return directory ? add_files(&b->lock, name, directory, b->progress, err) : 0;
}

int build_mirrors(struct build *b, char **ret, struct error *err)
{
	sd_json_variant *decisions = b->evaluated.decisions, *extra;
	_cleanup_apt_mirrors_ struct apt_mirrors m = {0};
	_cleanup_free_ char *inner = xstrdup("");
	int r = renew_mirrors(decisions, &m, err);

	if (r == 0)
		r = add_mirror(b, "main", m.main, &inner, err);
	if (r == 0)
		r = add_mirror(b, "security", m.security ? m.security : "", &inner, err);
	extra = variant_get(variant_get(decisions, "debian"), "extraRepositories");
	for (size_t i = 0; r == 0 && extra && i < sd_json_variant_elements(extra);
	     i += 2) {
		const char *name =
			sd_json_variant_string(sd_json_variant_by_index(extra, i));
		const char *uri =
			variant_text(sd_json_variant_by_index(extra, i + 1), "uri");

		r = add_mirror(b, name, uri ? uri : "", &inner, err);
	}
	if (r == 0)
		*ret = xasprintf("{ %s}", inner);
	return r;
}
