/* SPDX-License-Identifier: MIT */
/* Lays the files of packages side by side, as dpkg does when it unpacks them. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/verity.h"
#include "builder/merge.h"
#include "builder/table.h"

#define INFO_FOLDER "/var/lib/dpkg/info"

static const char *const merged[] = {"/bin",   "/sbin",	 "/lib",
				     "/lib32", "/lib64", "/libx32"};

const char *merge_alias(const char *path, char **buffer)
{
	for (size_t i = 0; i < ELEMENTSOF(merged); i++) {
		const char *rest = startswith(path, merged[i]);

		if (rest && *rest == '/')
			return *buffer = xasprintf("/usr%s", path);
	}
	return path;
}

struct merge {
	int store_fd;
	const struct packages *packages;
	struct manifest *out;
	struct table paths; /* of what is in out → its index */
	size_t *owners;	    /* index in out → package, SIZE_MAX for the base */
	size_t capacity;
};

static bool replaces(const struct package *p, const char *other)
{
	return p->replaces && strv_contains(p->replaces, other);
}

/* Two packages have this path. Returns 1 when the new one takes it, 0 when the old one
 * stays. */
static int resolve(struct merge *m, const struct manifest_entry *e, size_t old,
		   size_t package, struct error *err)
{
	const struct manifest_entry *have = &m->out->entries[old];
	const struct package *new = &m->packages->list[package];
	const char *other = m->owners[old] == SIZE_MAX
				    ? NULL
				    : m->packages->list[m->owners[old]].name;

	/* As dpkg: a directory and a symlink to one live together, the symlink stays. */
	if (S_ISDIR(e->mode) && (S_ISDIR(have->mode) || S_ISLNK(have->mode)))
		return 0;
	if (S_ISLNK(e->mode) && S_ISDIR(have->mode))
		return m->owners[old] == SIZE_MAX ? 0 : 1;
	if (!other)
		return fail(err, -EEXIST,
			    "%s is in the package %s and already in the root", e->path,
			    new->name);
	if (replaces(new, other))
		return 1;
	if (replaces(&m->packages->list[m->owners[old]], new->name))
		return 0;
	return fail(err, -EEXIST, "%s is in both packages %s and %s", e->path, other,
		    new->name);
}

static void append(struct merge *m, const struct manifest_entry *e, size_t owner)
{
	size_t index = m->out->count;
	struct manifest_entry *added;

	manifest_add(m->out, e);
	m->owners = xgrow(m->owners, index, &m->capacity, sizeof(*m->owners));
	m->owners[index] = owner;
	added = &m->out->entries[index];
	table_add(&m->paths, added->path, strlen(added->path), index);
}

/* A file of a package takes the place of another's. */
static void replace(struct merge *m, const struct manifest_entry *e, size_t index,
		    size_t owner)
{
	struct manifest_entry *have = &m->out->entries[index], taken;
	const char *path = have->path;

	manifest_add(m->out, e);
	taken = m->out->entries[--m->out->count];
	have = &m->out->entries[index];
	*have = taken;
	have->path = path;
	m->owners[index] = owner;
}

static int add(struct merge *m, const struct manifest_entry *e, size_t package,
	       struct error *err)
{
	size_t *found = table_get(&m->paths, e->path, strlen(e->path));
	int r;

	if (!found) {
		append(m, e, package);
		return 0;
	}
	r = resolve(m, e, *found, package, err);
	if (r > 0)
		replace(m, e, *found, package);
	return MIN(r, 0);
}

static int add_file(struct merge *m, const struct manifest_entry *file, size_t package,
		    struct error *err)
{
	const struct package *p = &m->packages->list[package];
	_cleanup_free_ char *alias = NULL, *target_alias = NULL, *payload = NULL,
			    *conffile = NULL;
	struct manifest_entry e = *file;

	e.path = merge_alias(file->path, &alias);
	if (e.hardlink) {
		e.payload = merge_alias(file->payload, &target_alias);
	} else if (S_ISREG(e.mode) && e.payload) {
		payload = xasprintf("%s/%s", p->base, e.payload);
		e.payload = payload;
	}
	/* dpkg itself puts it in place when it configures the package. */
	if (S_ISREG(e.mode) && p->conffiles && strv_contains(p->conffiles, file->path)) {
		conffile = xasprintf("%s.dpkg-new", e.path);
		e.path = conffile;
	}
	return add(m, &e, package, err);
}

/* Size and digest of a control file, which the package's manifest doesn't have. */
static int measure(int store_fd, struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int fd =
		openat(store_fd, e->payload, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0)
		r = verity_fd(fd, e->digest);
	if (r < 0)
		return fail(err, r, "%s can't be read: %s", e->payload, strerror(-r));
	if (!S_ISREG(st.st_mode))
		return fail(err, -EBADMSG, "%s is no file", e->payload);
	e->mode = S_IFREG | (st.st_mode & 0111 ? 0755 : 0644);
	e->size = (uint64_t)st.st_size;
	e->has_digest = e->size > 0;
	if (e->size == 0)
		e->payload = NULL;
	return 0;
}

static int add_control_file(struct merge *m, const char *name, size_t package,
			    struct error *err)
{
	const struct package *p = &m->packages->list[package];
	_cleanup_free_ char *path = xasprintf("%s/%s.%s", INFO_FOLDER, p->info, name),
			    *payload = xasprintf("%s/control/%s", p->base, name);
	struct manifest_entry e = {.path = path, .payload = payload, .nlink = 1};
	int r = measure(m->store_fd, &e, err);

	if (r < 0)
		return r;
	return add(m, &e, package, err);
}

static int add_package(struct merge *m, size_t package, struct error *err)
{
	const struct package *p = &m->packages->list[package];

	for (size_t i = 0; i < p->files.count; i++) {
		int r = add_file(m, &p->files.entries[i], package, err);

		if (r < 0)
			return r;
	}
	for (char **name = p->control_files; name && *name; name++) {
		int r = add_control_file(m, *name, package, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static void merge_done(struct merge *m)
{
	table_done(&m->paths);
	free(m->owners);
}
#define _cleanup_merge_ _cleanup_(merge_done)

int merge_packages(int store_fd, const struct packages *packages,
		   const struct manifest *base, struct manifest *ret, struct error *err)
{
	_cleanup_merge_ struct merge m = {
		.store_fd = store_fd, .packages = packages, .out = ret};

	for (size_t i = 0; base && i < base->count; i++)
		append(&m, &base->entries[i], SIZE_MAX);
	for (size_t i = 0; i < packages->count; i++) {
		int r = add_package(&m, i, err);

		if (r < 0)
			return r;
	}
	manifest_sort(ret);
	return 0;
}
