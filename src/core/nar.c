/* SPDX-License-Identifier: MIT */
/* Hashes the NAR of a store path on disk and hands each file on while doing so. */
#include <dirent.h>
#include <endian.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "core/nar.h"

/* One read, one write, one hash update: small enough to stay in a core's cache between
 * the three, large enough that system calls don't count. A multiple of the page size. */
#define BUFFER_SIZE (256U << 10)
#define LISTING_SIZE (64U << 10)
#define PATH_LENGTH_MAX 4095

struct nar_walker {
	struct sha256 *hash;
	const struct nar_walk *walk;
	uint64_t size; /* of the NAR so far */
	size_t fill;   /* bytes of it in `buffer` that aren't hashed yet */
	size_t path_length;
	char path[PATH_LENGTH_MAX +
		  1]; /* of the node at hand, relative to the store path */
	char listing[LISTING_SIZE] __attribute__((aligned(16)));
	char buffer[BUFFER_SIZE] __attribute__((aligned(4096)));
};

/* What the kernel says about one name. */
struct name {
	char *text;
	unsigned char type; /* DT_… */
};

struct listing {
	struct name *names;
	size_t count, capacity;
};

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i].text);
	free(l->names);
}

struct nar_walker *nar_walker_new(void)
{
	struct nar_walker *w = aligned_alloc(4096, sizeof(*w));

	if (!w)
		abort();
	memset(w, 0, offsetof(struct nar_walker, listing));
	w->hash = sha256_new();
	return w;
}

void nar_walker_free(struct nar_walker *w)
{
	if (!w)
		return;
	sha256_free(w->hash);
	free(w);
}

static void flush(struct nar_walker *w)
{
	sha256_update(w->hash, w->buffer, w->fill);
	w->fill = 0;
}

static void put(struct nar_walker *w, const void *data, size_t size)
{
	w->size += size;
	if (size > BUFFER_SIZE - w->fill)
		flush(w);
	memcpy(w->buffer + w->fill, data, size);
	w->fill += size;
}

static void put_number(struct nar_walker *w, uint64_t n)
{
	uint64_t little = htole64(n);

	put(w, &little, sizeof(little));
}

static void put_padding(struct nar_walker *w, uint64_t size)
{
	put(w, "\0\0\0\0\0\0\0", (8 - size % 8) % 8);
}

static void put_string(struct nar_walker *w, const char *s)
{
	size_t length = strlen(s);

	put_number(w, length);
	put(w, s, length);
	put_padding(w, length);
}

static int fail_here(struct nar_walker *w, int code, const char *what, struct error *err)
{
	return fail(err, code, "%s %s", w->path_length ? w->path : "the path itself",
		    what);
}

static int fail_read(struct nar_walker *w, int code, struct error *err)
{
	if (code == -ENOENT)
		return fail_here(w, code, "is missing", err);
	return fail(err, code, "%s can't be read: %s",
		    w->path_length ? w->path : "the path itself", strerror(-code));
}

/* Appends a name to the path; returns the old length for `leave`, or a negative errno. */
static ssize_t enter(struct nar_walker *w, const char *name)
{
	size_t old = w->path_length, length = strlen(name), slash = old > 0;

	if (old + slash + length > PATH_LENGTH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		w->path[old] = '/';
	memcpy(w->path + old + slash, name, length + 1);
	w->path_length = old + slash + length;
	return (ssize_t)old;
}

static void leave(struct nar_walker *w, ssize_t length)
{
	w->path_length = (size_t)length;
	w->path[length] = 0;
}

/* Moves `size` bytes from the file through the buffer into hash and sink. */
static int stream_file(struct nar_walker *w, int fd, uint64_t size, struct error *err)
{
	const struct nar_sink *sink = w->walk->sink;

	/* A larger file starts at the front of the buffer, so that reads and the sink's
	 * writes are whole pages. */
	if (size > BUFFER_SIZE - w->fill)
		flush(w);
	while (size > 0) {
		size_t want = (size_t)MIN(size, (uint64_t)(BUFFER_SIZE - w->fill));
		char *data = w->buffer + w->fill;
		ssize_t n = read_full(fd, data, want);
		int r = 0;

		if (n < 0)
			return fail_read(w, (int)n, err);
		if ((size_t)n < want)
			return fail_here(w, -ESTALE, "became shorter while it was read",
					 err);
		w->fill += want;
		w->size += want;
		size -= want;
		if (sink && sink->file_data)
			r = sink->file_data(w->walk->context, data, want, err);
		if (r < 0)
			return r;
		if (size > 0)
			flush(w);
	}
	return 0;
}

static int hash_file_content(struct nar_walker *w, int fd, const struct stat *st,
			     struct error *err)
{
	const struct nar_sink *sink = w->walk->sink;
	bool executable = st->st_mode & S_IXUSR;
	uint64_t size = (uint64_t)st->st_size;
	int r = 0;

	put_string(w, "regular");
	if (executable) {
		put_string(w, "executable");
		put_string(w, "");
	}
	put_string(w, "contents");
	put_number(w, size);
	if (sink && sink->file_begin)
		r = sink->file_begin(w->walk->context, w->path, size, executable, err);
	if (r == 0)
		r = stream_file(w, fd, size, err);
	if (r < 0)
		return r;
	put_padding(w, size);
	if (sink && sink->file_end)
		r = sink->file_end(w->walk->context, err);
	if (w->walk->progress)
		w->walk->progress(w->walk->progress_context, size);
	if (w->walk->drop_cache)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return r;
}

static int hash_file(struct nar_walker *w, int dirfd, const char *name, struct error *err)
{
	/* O_NONBLOCK: a fifo put in place of the file doesn't hold us up. */
	_cleanup_close_ int fd = openat(
		dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_read(w, -errno, err);
	if (!S_ISREG(st.st_mode))
		return fail_here(w, -EINVAL, "is neither file, directory nor symlink",
				 err);
	return hash_file_content(w, fd, &st, err);
}

static int hash_symlink(struct nar_walker *w, int dirfd, const char *name,
			struct error *err)
{
	const struct nar_sink *sink = w->walk->sink;
	_cleanup_free_ char *target = NULL;
	int r = readlink_at(dirfd, name, &target);

	if (r < 0)
		return fail_read(w, r, err);
	put_string(w, "symlink");
	put_string(w, "target");
	put_string(w, target);
	if (sink && sink->symlink)
		return sink->symlink(w->walk->context, w->path, target, err);
	return 0;
}

static int add_names(struct listing *l, const char *buffer, size_t size)
{
	for (size_t at = 0; at < size;) {
		const struct dirent64 *e = (const void *)(buffer + at);

		at += e->d_reclen;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (l->count == NAR_ENTRIES_MAX)
			return -E2BIG;
		l->names = xgrow(l->names, l->count, &l->capacity, sizeof(*l->names));
		l->names[l->count++] = (struct name){xstrdup(e->d_name), e->d_type};
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static int list_directory(struct nar_walker *w, int fd, struct listing *l)
{
	for (;;) {
		ssize_t n = getdents64(fd, w->listing, LISTING_SIZE);
		int r;

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		r = add_names(l, w->listing, (size_t)n);
		if (r < 0)
			return r;
	}
	if (l->count > 1)
		qsort(l->names, l->count, sizeof(*l->names), compare_names);
	return 0;
}

static int hash_node(struct nar_walker *w, int dirfd, const struct name *name,
		     unsigned depth, struct error *err);

static int hash_entry(struct nar_walker *w, int fd, const struct name *name,
		      unsigned depth, struct error *err)
{
	ssize_t before;
	int r;

	put_string(w, "entry");
	put_string(w, "(");
	put_string(w, "name");
	put_string(w, name->text);
	put_string(w, "node");
	before = enter(w, name->text);
	if (before < 0)
		return fail_read(w, (int)before, err);
	r = hash_node(w, fd, name, depth + 1, err);
	if (r < 0)
		return r;
	leave(w, before);
	put_string(w, ")");
	return 0;
}

static int hash_directory(struct nar_walker *w, int dirfd, const char *name,
			  unsigned depth, struct error *err)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_(listing_done) struct listing l = {0};
	const struct nar_sink *sink = w->walk->sink;
	int r;

	if (fd < 0)
		return fail_read(w, -errno, err);
	if (depth == NAR_DEPTH_MAX)
		return fail_here(w, -ELOOP, "lies too deep in directories", err);
	r = list_directory(w, fd, &l);
	if (r < 0)
		return fail_read(w, r, err);
	put_string(w, "directory");
	if (sink && sink->directory)
		r = sink->directory(w->walk->context, w->path, err);
	for (size_t i = 0; r == 0 && i < l.count; i++)
		r = hash_entry(w, fd, &l.names[i], depth, err);
	return r;
}

static unsigned char type_of(int dirfd, const char *name)
{
	struct stat st;

	/* What can't be looked at is opened as a file, which says why. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_REG;
	return IFTODT(st.st_mode);
}

static int hash_node(struct nar_walker *w, int dirfd, const struct name *name,
		     unsigned depth, struct error *err)
{
	unsigned char type = name->type;
	int r;

	if (type == DT_UNKNOWN)
		type = type_of(dirfd, name->text);
	put_string(w, "(");
	put_string(w, "type");
	if (type == DT_REG)
		r = hash_file(w, dirfd, name->text, err);
	else if (type == DT_DIR)
		r = hash_directory(w, dirfd, name->text, depth, err);
	else if (type == DT_LNK)
		r = hash_symlink(w, dirfd, name->text, err);
	else
		r = fail_here(w, -EINVAL, "is neither file, directory nor symlink", err);
	if (r == 0)
		put_string(w, ")");
	return r;
}

int nar_hash(struct nar_walker *w, int dirfd, const char *name,
	     const struct nar_walk *walk, uint8_t ret_hash[SHA256_SIZE],
	     uint64_t *ret_size, struct error *err)
{
	struct name top = {(char *)name, DT_UNKNOWN};
	int r;

	w->walk = walk;
	w->size = w->fill = 0;
	leave(w, 0);
	put_string(w, "nix-archive-1");
	r = hash_node(w, dirfd, &top, 0, err);
	flush(w);
	sha256_final(w->hash, ret_hash);
	if (ret_size)
		*ret_size = w->size;
	return r;
}
