/* SPDX-License-Identifier: MIT */
/* Walks a configured root and writes down what it has become: manifest and delta. */
#include <dirent.h>
#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/verity.h"
#include "builder/inspect.h"
#include "builder/scan.h"
#include "builder/table.h"

#define XATTR_NAMES_MAX 65536

struct walk {
	const struct scanning *how;
	struct manifest *out;
	struct table digests; /* fs-verity digest → index in the placed manifest */
	struct table inodes;  /* of files with several names → index in out */
	ino_t **inode_keys;   /* storage of the keys */
	size_t inode_count, inode_capacity;
};

static int cant_read(const char *path, struct error *err)
{
	int r = -errno;

	return fail(err, r, "%s can't be read: %s", path, strerror(-r));
}

/* Owner and time. */

/* A script that gave it away did so at its change time; without a script it has its owner
 * from the package's own archive. */
static int refuse_owner(const struct walk *w, const char *path, const char *what,
			unsigned number, const struct stat *st, struct error *err)
{
	const char *who =
		w->how->sandbox ? sandbox_who(w->how->sandbox, &st->st_ctim) : NULL;
	const struct origin *o = origins_find(w->how->origins, st->st_ino);

	if (who)
		return fail(err, -ENOKEY,
			    "%s belongs to %s %u, which doesn't exist, since the "
			    "package %s was configured",
			    path, what, number, who);
	if (o && o->entry->payload)
		return fail(err, -ENOKEY,
			    "%s belongs to %s %u, which doesn't exist, as %s has it",
			    path, what, number, o->entry->payload);
	return fail(err, -ENOKEY, "%s belongs to %s %u, which doesn't exist", path, what,
		    number);
}

static int set_owner(const struct walk *w, struct manifest_entry *e,
		     const struct stat *st, struct error *err)
{
	if (ids_map(&w->how->ids->user_map, st->st_uid, &e->uid) < 0)
		return refuse_owner(w, e->path, "user", st->st_uid, st, err);
	if (ids_map(&w->how->ids->group_map, st->st_gid, &e->gid) < 0)
		return refuse_owner(w, e->path, "group", st->st_gid, st, err);
	return 0;
}

static int64_t stable_time(const struct walk *w, const struct stat *st)
{
	if (S_ISDIR(st->st_mode) || st->st_mtim.tv_sec > w->how->epoch ||
	    st->st_mtim.tv_sec >= w->how->started || st->st_mtim.tv_sec < 0)
		return w->how->epoch;
	return st->st_mtim.tv_sec;
}

/* Extended attributes. */

/* posix_acl_xattr.h: a version, then tag, permissions and number of each entry. */
static void map_acl(const struct walk *w, uint8_t *value, size_t size)
{
	for (size_t i = 4; i + 8 <= size; i += 8) {
		uint16_t tag;
		uint32_t id, mapped;

		memcpy(&tag, value + i, sizeof(tag));
		memcpy(&id, value + i + 4, sizeof(id));
		if (le16toh(tag) != 0x02 && le16toh(tag) != 0x08)
			continue;
		if (ids_map(le16toh(tag) == 0x02 ? &w->how->ids->user_map
						 : &w->how->ids->group_map,
			    le32toh(id), &mapped) < 0)
			continue;
		mapped = htole32(mapped);
		memcpy(value + i + 4, &mapped, sizeof(mapped));
	}
}

struct xattrs {
	struct manifest_xattr list[MANIFEST_XATTRS_MAX];
	char names[XATTR_NAMES_MAX];
	void *values[MANIFEST_XATTRS_MAX];
	uint32_t count;
};

static void xattrs_freep(struct xattrs **x)
{
	for (uint32_t i = 0; *x && i < (*x)->count; i++)
		free((*x)->values[i]);
	free(*x);
}
#define _cleanup_xattrs_ _cleanup_(xattrs_freep)

static int compare_xattrs(const void *a, const void *b)
{
	return strcmp(((const struct manifest_xattr *)a)->name,
		      ((const struct manifest_xattr *)b)->name);
}

static int read_xattr(const struct walk *w, int fd, const char *name, struct xattrs *x)
{
	_cleanup_free_ char *value = xmalloc(MANIFEST_XATTR_SIZE_MAX + 1);
	ssize_t n = fgetxattr(fd, name, value, MANIFEST_XATTR_SIZE_MAX);

	if (n < 0)
		return -errno;
	if (x->count == MANIFEST_XATTRS_MAX)
		return -E2BIG;
	value[n] = 0;
	if (startswith(name, "system.posix_acl_"))
		map_acl(w, (uint8_t *)value, (size_t)n);
	x->list[x->count] = (struct manifest_xattr){name, value, (size_t)n};
	x->values[x->count++] = TAKE_PTR(value);
	return 0;
}

/* Labels belong to the machine that builds. */
static bool wanted(const char *name)
{
	return !streq(name, "security.selinux") && !startswith(name, "security.ima") &&
	       !startswith(name, "trusted.");
}

static int read_xattrs(const struct walk *w, int fd, struct manifest_entry *e,
		       struct xattrs **ret, struct error *err)
{
	char probe[1];
	ssize_t n = flistxattr(fd, NULL, 0);
	struct xattrs *x;

	(void)probe;
	if (n == 0 || (n < 0 && errno == ENOTSUP))
		return 0;
	x = *ret = xcalloc(1, sizeof(**ret));
	n = flistxattr(fd, x->names, sizeof(x->names));
	if (n < 0)
		return cant_read(e->path, err);
	for (char *name = x->names; name < x->names + n; name += strlen(name) + 1) {
		int r = wanted(name) ? read_xattr(w, fd, name, x) : 0;

		if (r < 0)
			return fail(err, r, "The attribute %s of %s can't be read: %s",
				    name, e->path, strerror(-r));
	}
	qsort(x->list, x->count, sizeof(*x->list), compare_xattrs);
	e->xattrs = x->list;
	e->xattr_count = x->count;
	return 0;
}

/* Files. */

static int refuse(const struct walk *w, const char *path, const char *what,
		  const struct stat *st, struct error *err)
{
	const char *who =
		w->how->sandbox ? sandbox_who(w->how->sandbox, &st->st_mtim) : NULL;

	if (who)
		return fail(err, -EPERM,
			    "%s holds %s, written while the package %s was configured: "
			    "it must "
			    "be made on each machine instead",
			    path, what, who);
	return fail(err, -EPERM, "%s holds %s: it must be made on each machine instead",
		    path, what);
}

static int write_delta(const struct walk *w, struct manifest_entry *e, const void *data,
		       const struct stat *st, struct error *err)
{
	_cleanup_free_ char *name = xasprintf("delta%s", e->path);
	const char *what =
		inspect_content(e->path, data, (size_t)st->st_size, w->how->machine_id);
	int r;

	if (what)
		return refuse(w, e->path, what, st, err);
	r = make_parents_at(w->how->out_fd, name);
	if (r == 0)
		r = write_file_at(w->how->out_fd, name, data, (size_t)st->st_size, 0644);
	return r < 0 ? fail(err, r, "%s can't be written to the delta: %s", e->path,
			    strerror(-r))
		     : 0;
}

struct mapping {
	void *data;
	size_t size;
};

static void mapping_done(struct mapping *m)
{
	if (m->data)
		munmap(m->data, m->size);
}

/* Reads a file that was changed or made: its digest tells whether some package has the
 * same bytes. */
static int take_changed(struct walk *w, int fd, struct manifest_entry *e,
			const struct stat *st, struct error *err)
{
	_cleanup_(mapping_done) struct mapping m = {.size = (size_t)st->st_size};
	_cleanup_free_ char *payload = NULL;
	const size_t *known;
	int r;

	m.data = mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m.data == MAP_FAILED) {
		m.data = NULL;
		return cant_read(e->path, err);
	}
	verity_buffer(m.data, m.size, e->digest);
	e->has_digest = true;
	known = table_get(&w->digests, e->digest, sizeof(e->digest));
	if (known) {
		e->payload = w->how->placed->entries[*known].payload;
		manifest_add(w->out, e);
		return 0;
	}
	r = write_delta(w, e, m.data, st, err);
	if (r < 0)
		return r;
	payload = xasprintf("%s/delta%s", w->how->out_base, e->path);
	e->payload = payload;
	manifest_add(w->out, e);
	return 0;
}

static int take_content(struct walk *w, int fd, struct manifest_entry *e,
			const struct stat *st, struct error *err)
{
	const struct origin *o = origins_find(w->how->origins, st->st_ino);

	if (st->st_size > 0 && !(o && origin_untouched(o, st) && o->entry->has_digest))
		return take_changed(w, fd, e, st, err);
	if (st->st_size > 0) {
		e->payload = o->entry->payload;
		memcpy(e->digest, o->entry->digest, sizeof(e->digest));
		e->has_digest = true;
	}
	manifest_add(w->out, e);
	return 0;
}

/* Returns true when the file was written down under an earlier name. */
static bool take_hardlink(struct walk *w, struct manifest_entry *e, const struct stat *st)
{
	const size_t *first;
	ino_t *key;

	if (st->st_nlink < 2)
		return false;
	first = table_get(&w->inodes, &st->st_ino, sizeof(st->st_ino));
	if (first) {
		e->hardlink = true;
		e->payload = w->out->entries[*first].path;
		manifest_add(w->out, e);
		return true;
	}
	key = xmemdup(&st->st_ino, sizeof(st->st_ino));
	w->inode_keys = xgrow(w->inode_keys, w->inode_count, &w->inode_capacity,
			      sizeof(*w->inode_keys));
	w->inode_keys[w->inode_count++] = key;
	table_add(&w->inodes, key, sizeof(*key), w->out->count);
	return false;
}

static int take_file(struct walk *w, int dirfd, const char *name,
		     struct manifest_entry *e, const struct stat *st, struct error *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_xattrs_ struct xattrs *xattrs = NULL;
	int r;

	if (fd < 0)
		return cant_read(e->path, err);
	e->nlink = (uint32_t)st->st_nlink;
	e->size = (uint64_t)st->st_size;
	if (take_hardlink(w, e, st))
		return 0;
	r = read_xattrs(w, fd, e, &xattrs, err);
	return r < 0 ? r : take_content(w, fd, e, st, err);
}

static int take_symlink(struct walk *w, int dirfd, const char *name,
			struct manifest_entry *e, struct error *err)
{
	_cleanup_free_ char *target = NULL;

	if (readlink_at(dirfd, name, &target) < 0)
		return cant_read(e->path, err);
	e->mode = S_IFLNK | 0777;
	e->size = strlen(target);
	e->payload = target;
	manifest_add(w->out, e);
	return 0;
}

/* Directories. */

static int read_names(int fd, char ***ret)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return -errno;
	*ret = strv_split("", "/");
	while ((e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			*ret = strv_add(*ret, e->d_name);
	closedir(dir);
	strv_sort(*ret);
	return 0;
}

static int take(struct walk *w, int dirfd, const char *name, const char *path,
		struct error *err);

static int take_directory(struct walk *w, int dirfd, const char *name,
			  struct manifest_entry *e, struct error *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_xattrs_ struct xattrs *xattrs = NULL;
	_cleanup_strv_ char **names = NULL;
	const char *folder = streq(e->path, "/") ? "" : e->path;
	int r;

	if (fd < 0 || read_names(fd, &names) < 0)
		return cant_read(e->path, err);
	r = read_xattrs(w, fd, e, &xattrs, err);
	if (r < 0)
		return r;
	manifest_add(w->out, e);
	for (char **n = names; *n; n++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", folder, *n);

		r = take(w, fd, *n, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take(struct walk *w, int dirfd, const char *name, const char *path,
		struct error *err)
{
	struct manifest_entry e = {.path = path, .nlink = 1};
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cant_read(path, err);
	e.mode = st.st_mode;
	e.mtime = stable_time(w, &st);
	r = set_owner(w, &e, &st, err);
	if (r < 0)
		return r;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return take_directory(w, dirfd, name, &e, err);
	case S_IFREG:
		return take_file(w, dirfd, name, &e, &st, err);
	case S_IFLNK:
		return take_symlink(w, dirfd, name, &e, err);
	case S_IFSOCK:
		return 0; /* of a daemon that is gone */
	default:
		e.rdev = st.st_rdev;
		manifest_add(w->out, &e);
		return 0;
	}
}

/* First come, first served; the order of the placed manifest is fixed. */
static void index_digests(struct walk *w)
{
	const struct manifest *m = w->how->placed;

	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i];

		if (e->has_digest && !e->hardlink && e->payload)
			table_add(&w->digests, e->digest, sizeof(e->digest), i);
	}
}

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->inode_count; i++)
		free(w->inode_keys[i]);
	free(w->inode_keys);
	table_done(&w->inodes);
	table_done(&w->digests);
}

int scan_root(const struct scanning *s, struct manifest *ret, struct error *err)
{
	_cleanup_(walk_done) struct walk w = {.how = s, .out = ret};

	if (mkdirat(s->out_fd, "delta", 0755) < 0)
		return fail(err, -errno, "The folder delta can't be made: %s",
			    strerror(errno));
	index_digests(&w);
	return take(&w, s->root_fd, ".", "/", err);
}
