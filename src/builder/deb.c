/* SPDX-License-Identifier: MIT */
/* Reads one .deb (deb(5)): an ar archive of two tar archives. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/verity.h"
#include "builder/deb.h"

#define BUFFER_SIZE (1U << 17)
#define VERSION_MAX 64

static void archive_freep(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}
#define _cleanup_archive_ _cleanup_(archive_freep)

struct deb {
	struct archive *outer;
	int out_fd;
	const char *folder; /* data or control */
	struct manifest *manifest;
	uint64_t total;
	size_t members;
	struct verity *verity;
	char outer_buffer[BUFFER_SIZE];
	char buffer[BUFFER_SIZE];
};

static int bad(struct archive *a, struct error *err)
{
	const char *words = archive_error_string(a);

	return fail(err, -EBADMSG, "The package is damaged: %s",
		    words ? words : "it ends early");
}

/* "./usr/bin/x" and "usr/bin/x/" become "/usr/bin/x", "./" becomes "/". */
static int clean_path(const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	size_t length;

	if (!name)
		return fail(err, -EBADMSG, "The package has a member without a name");
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	while (*name == '/')
		name++;
	if (streq(name, "."))
		name++;
	length = strlen(name);
	while (length > 0 && name[length - 1] == '/')
		length--;
	path = xasprintf("/%.*s", (int)length, name);
	if (length > MANIFEST_PATH_MAX - 1)
		return fail(err, -ENAMETOOLONG,
			    "The package has a member with a name of %zu bytes", length);
	if (strchr(path, '\n'))
		return fail(err, -EBADMSG,
			    "The package has a member with a line break in its name");
	for (const char *p = path; length > 0 && p; p = strchr(p, '/')) {
		_unused_ size_t n = strcspn(++p, "/");

#ifndef WITHOUT_CHECK_DEB_NAME
		if (n == 0 || n > MANIFEST_NAME_MAX || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return fail(err, -EBADMSG,
				    "The package has a member with the name %s", path);
#endif
	}
	*ret = TAKE_PTR(path);
	return 0;
}

static int create_file(struct deb *d, const char *path, bool executable,
		       struct error *err)
{
	_cleanup_free_ char *name = xasprintf("%s%s", d->folder, path);
	int fd, r;

	if (d->out_fd < 0)
		return open("/dev/null", O_WRONLY | O_CLOEXEC);
	r = make_parents_at(d->out_fd, name);
	if (r < 0)
		return fail(err, r, "The folder of %s can't be made: %s", path,
			    strerror(-r));
	fd = openat(d->out_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    executable ? 0755 : 0644);
	if (fd < 0)
		return fail(err, -errno, "%s can't be made: %s", path, strerror(errno));
	return fd;
}

/* Copies the bytes of the present member; counts them and their fs-verity digest. */
static int write_file(struct deb *d, struct archive *tar, struct manifest_entry *e,
		      struct error *err)
{
	_cleanup_close_ int fd = create_file(d, e->path, e->mode & 0111, err);
	uint64_t size = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		la_ssize_t n = archive_read_data(tar, d->buffer, BUFFER_SIZE);
		int r;

		if (n < 0)
			return bad(tar, err);
		if (n == 0)
			break;
		size += (uint64_t)n;
		d->total += (uint64_t)n;
		if (size > DEB_FILE_MAX || d->total > DEB_SIZE_MAX)
			return fail(err, -EFBIG, "%s is larger than a package may be",
				    e->path);
		verity_update(d->verity, d->buffer, (size_t)n);
		r = write_full(fd, d->buffer, (size_t)n);
		if (r < 0)
			return fail(err, r, "%s can't be written: %s", e->path,
				    strerror(-r));
	}
	if (size != e->size)
		return fail(err, -EBADMSG, "%s has %ju bytes, but its header says %ju",
			    e->path, (uintmax_t)size, (uintmax_t)e->size);
	verity_final(d->verity, e->digest);
	e->has_digest = size > 0;
	return 0;
}

static int compare_xattrs(const void *a, const void *b)
{
	return strcmp(((const struct manifest_xattr *)a)->name,
		      ((const struct manifest_xattr *)b)->name);
}

static int read_xattrs(struct archive_entry *member, struct manifest_entry *e,
		       struct manifest_xattr *list, struct error *err)
{
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(member);
	while (archive_entry_xattr_next(member, &name, &value, &size) == ARCHIVE_OK) {
		if (e->xattr_count == MANIFEST_XATTRS_MAX ||
		    size > MANIFEST_XATTR_SIZE_MAX)
			return fail(err, -E2BIG,
				    "%s has too many or too large attributes", e->path);
		list[e->xattr_count++] = (struct manifest_xattr){name, value, size};
	}
	qsort(list, e->xattr_count, sizeof(*list), compare_xattrs);
	e->xattrs = list;
	return 0;
}

static int add_file(struct deb *d, struct archive *tar, struct archive_entry *member,
		    struct manifest_entry *e, struct error *err)
{
	_cleanup_free_ char *payload = xasprintf("%s%s", d->folder, e->path);
	int r;

	if (!archive_entry_size_is_set(member) || archive_entry_size(member) < 0)
		return fail(err, -EBADMSG, "%s has no size", e->path);
	e->size = (uint64_t)archive_entry_size(member);
	r = write_file(d, tar, e, err);
	if (r < 0)
		return r;
	if (e->size > 0)
		e->payload = payload;
	manifest_add(d->manifest, e);
	return 0;
}

static int add_hardlink(struct deb *d, const char *target, struct manifest_entry *e,
			struct error *err)
{
	_cleanup_free_ char *first = NULL;
	int r = clean_path(target, &first, err);

	if (r < 0)
		return r;
	e->hardlink = true;
	e->mode = S_IFREG | (e->mode & 07777);
	e->payload = first;
	manifest_add(d->manifest, e);
	return 0;
}

static int add_symlink(struct deb *d, const char *target, struct manifest_entry *e,
		       struct error *err)
{
	if (!target || !*target || strlen(target) > MANIFEST_PATH_MAX)
		return fail(err, -EBADMSG, "%s is a symlink without a usable target",
			    e->path);
	e->mode = S_IFLNK | 0777;
	e->payload = target;
	e->size = strlen(target);
	manifest_add(d->manifest, e);
	return 0;
}

static int check_owner(struct archive_entry *member, const struct manifest_entry *e,
		       struct error *err)
{
	la_int64_t uid = archive_entry_uid(member), gid = archive_entry_gid(member);

	if (uid < 0 || uid > 65534 || gid < 0 || gid > 65534)
		return fail(err, -EBADMSG,
			    "%s belongs to user %jd and group %jd, which no root has",
			    e->path, (intmax_t)uid, (intmax_t)gid);
	if (archive_entry_mtime(member) < 0)
		return fail(err, -EBADMSG, "%s is older than 1970", e->path);
	return 0;
}

static int add_member(struct deb *d, struct archive *tar, struct archive_entry *member,
		      struct error *err)
{
	struct manifest_xattr xattrs[MANIFEST_XATTRS_MAX];
	_cleanup_free_ char *path = NULL;
	struct manifest_entry e;
	int r = clean_path(archive_entry_pathname(member), &path, err);

	if (r < 0)
		return r;
	e = (struct manifest_entry){
		.path = path,
		.mode = archive_entry_filetype(member) | archive_entry_perm(member),
		.nlink = 1,
		.uid = (uint32_t)archive_entry_uid(member),
		.gid = (uint32_t)archive_entry_gid(member),
		.mtime = archive_entry_mtime(member),
	};
	r = check_owner(member, &e, err);
	if (r < 0)
		return r;
	if (archive_entry_hardlink(member))
		return add_hardlink(d, archive_entry_hardlink(member), &e, err);
	r = read_xattrs(member, &e, xattrs, err);
	if (r < 0)
		return r;
	switch (archive_entry_filetype(member)) {
	case AE_IFREG:
		return add_file(d, tar, member, &e, err);
	case AE_IFLNK:
		return add_symlink(d, archive_entry_symlink(member), &e, err);
	case AE_IFDIR:
		manifest_add(d->manifest, &e);
		return 0;
	default:
		return fail(err, -EBADMSG,
			    "%s is a device or pipe, which packages don't have", path);
	}
}

static la_ssize_t read_outer(struct archive *tar, void *context, const void **ret)
{
	struct deb *d = context;
	la_ssize_t n = archive_read_data(d->outer, d->outer_buffer, BUFFER_SIZE);

	*ret = d->outer_buffer;
	if (n < 0)
		archive_set_error(tar, EIO, "%s", archive_error_string(d->outer));
	return n;
}

static int read_tar(struct deb *d, struct error *err)
{
	_cleanup_archive_ struct archive *tar = archive_read_new();
	struct archive_entry *member;
	int r;

	archive_read_support_format_tar(tar);
	archive_read_support_filter_xz(tar);
	archive_read_support_filter_gzip(tar);
	archive_read_support_filter_zstd(tar);
	archive_read_support_filter_bzip2(tar);
	archive_read_support_filter_lzma(tar);
	if (archive_read_open(tar, d, NULL, read_outer, NULL) != ARCHIVE_OK)
		return bad(tar, err);
	while ((r = archive_read_next_header(tar, &member)) == ARCHIVE_OK) {
		if (++d->members > DEB_MEMBERS_MAX)
			return fail(err, -E2BIG, "The package has more than %u members",
				    DEB_MEMBERS_MAX);
		r = add_member(d, tar, member, err);
		if (r < 0)
			return r;
	}
	return r == ARCHIVE_EOF ? 0 : bad(tar, err);
}

/* What a sorted list shows at a glance: names that occur twice, and members below
 * something that isn't a directory. Nothing was written through either: only files are
 * made. */
static int check_tree(const struct manifest *m, struct error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_entry *e = &m->entries[i], *other;
		_cleanup_free_ char *parent = xstrdup(e->path);
		char *slash = strrchr(parent, '/');

		if (i > 0 && streq(e->path, m->entries[i - 1].path))
			return fail(err, -EBADMSG, "%s is twice in the package", e->path);
		slash[slash == parent] = 0;
		other = streq(e->path, "/") ? NULL : manifest_find(m, parent);
		if (other && !S_ISDIR(other->mode))
			return fail(err, -EBADMSG,
				    "%s is below %s, which is no directory", e->path,
				    parent);
		if (!e->hardlink)
			continue;
		other = manifest_find(m, e->payload);
		if (!other || other->hardlink || !S_ISREG(other->mode))
			return fail(err, -EBADMSG,
				    "%s is a hard link to %s, which is no file of the "
				    "package",
				    e->path, e->payload);
	}
	return 0;
}

static int check_sorted_copy(const struct manifest *m, struct error *err)
{
	_cleanup_manifest_ struct manifest sorted = {0};

	for (size_t i = 0; i < m->count; i++)
		manifest_add(&sorted, &m->entries[i]);
	manifest_sort(&sorted);
	return check_tree(&sorted, err);
}

static int read_part(struct deb *d, const char *folder, struct manifest *m,
		     struct error *err)
{
	int r;

	d->folder = folder;
	d->manifest = m;
	if (d->out_fd >= 0 && mkdirat(d->out_fd, folder, 0755) < 0)
		return fail(err, -errno, "%s/ can't be made: %s", folder,
			    strerror(errno));
	r = read_tar(d, err);
#ifdef WITHOUT_CHECK_DEB_TREE
	return r;
#endif
	return r < 0 ? r : check_sorted_copy(m, err);
}

static int read_version(struct archive *outer, struct error *err)
{
	char text[VERSION_MAX] = "";
	struct archive_entry *member;

	if (archive_read_next_header(outer, &member) != ARCHIVE_OK)
		return bad(outer, err);
	if (!streq(archive_entry_pathname(member), "debian-binary") ||
	    archive_read_data(outer, text, sizeof(text) - 1) < 0 ||
	    !startswith(text, "2."))
		return fail(err, -EBADMSG, "This is not a Debian package of version 2");
	return 0;
}

static int read_members(struct deb *d, struct manifest *ret, struct error *err)
{
	_cleanup_manifest_ struct manifest control = {0};
	struct archive_entry *member;
	bool have_control = false;
	int r = read_version(d->outer, err);

	while (r == 0) {
		const char *name;

		r = archive_read_next_header(d->outer, &member);
		if (r == ARCHIVE_EOF)
			return fail(err, -EBADMSG, "The package has no %s",
				    have_control ? "data.tar" : "control.tar");
		if (r != ARCHIVE_OK)
			return bad(d->outer, err);
		name = archive_entry_pathname(member);
		/* deb(5): members that start with an underscore are to be skipped. */
		if (name[0] == '_')
			continue;
		if (startswith(name, "control.tar") && !have_control) {
			r = read_part(d, "control", &control, err);
			have_control = true;
		} else if (startswith(name, "data.tar") && have_control) {
			/* deb(5): what follows data.tar is to be ignored. */
			return read_part(d, "data", ret, err);
		} else {
			r = fail(err, -EBADMSG, "The package has an unexpected member %s",
				 name);
		}
	}
	return r;
}

int deb_unpack(int deb_fd, int out_fd, struct manifest *ret, struct error *err)
{
	_cleanup_archive_ struct archive *outer = archive_read_new();
	_cleanup_verity_ struct verity *verity = verity_new();
	_cleanup_free_ struct deb *d = xcalloc(1, sizeof(*d));

	*d = (struct deb){.outer = outer, .out_fd = out_fd, .verity = verity};
	archive_read_support_format_ar(outer);
	if (archive_read_open_fd(outer, deb_fd, BUFFER_SIZE) != ARCHIVE_OK)
		return bad(outer, err);
	return read_members(d, ret, err);
}
