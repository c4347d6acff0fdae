/* SPDX-License-Identifier: MIT */
/* An initramfs in memory, written as newc cpio archive, compressed with zstd. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/str.h"
#include "builder/cpio.h"

/* Most of it are modules that xz has compressed already: level 19 takes 20 seconds and
 * gains 8 %. Two jobs always, so that the bytes don't depend on the machine. */
#define ZSTD_LEVEL "9"
#define ZSTD_THREADS "2"

bool cpio_has(const struct cpio *c, const char *path)
{
	return table_get(&c->paths, path + 1, strlen(path + 1)) != NULL;
}

static void add(struct cpio *c, const char *path, mode_t mode, const void *data,
		size_t size)
{
	struct cpio_entry *e;

	if (!path[1] || cpio_has(c, path))
		return;
	c->list = xgrow(c->list, c->count, &c->capacity, sizeof(*c->list));
	e = &c->list[c->count];
	*e = (struct cpio_entry){xstrdup(path + 1), mode, xmemdup(data, size), size};
	table_add(&c->paths, e->path, strlen(e->path), c->count++);
}

static void add_parents(struct cpio *c, const char *path)
{
	_cleanup_free_ char *copy = xstrdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		add(c, copy, S_IFDIR | 0755, "", 0);
		*p = '/';
	}
}

void cpio_add_file(struct cpio *c, const char *path, mode_t mode, const void *data,
		   size_t size)
{
	add_parents(c, path);
	add(c, path, S_IFREG | mode, data, size);
}

void cpio_add_symlink(struct cpio *c, const char *path, const char *target)
{
	add_parents(c, path);
	add(c, path, S_IFLNK | 0777, target, strlen(target));
}

void cpio_add_directory(struct cpio *c, const char *path, mode_t mode)
{
	add_parents(c, path);
	add(c, path, S_IFDIR | mode, "", 0);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct cpio_entry *)a)->path,
		      ((const struct cpio_entry *)b)->path);
}

static int bad(struct archive *a, struct error *err)
{
	return fail(err, -EIO, "The initramfs can't be written: %s",
		    archive_error_string(a));
}

static int write_entry(struct archive *a, const struct cpio_entry *e, size_t number,
		       int64_t epoch, struct error *err)
{
	struct archive_entry *m = archive_entry_new();
	_cleanup_free_ char *target = NULL;
	int r = 0;

	archive_entry_set_pathname(m, e->path);
	archive_entry_set_mode(m, e->mode);
	archive_entry_set_size(m, S_ISREG(e->mode) ? (la_int64_t)e->size : 0);
	archive_entry_set_mtime(m, epoch, 0);
	archive_entry_set_ino64(m, (la_int64_t)number);
	archive_entry_set_nlink(m, S_ISDIR(e->mode) ? 2 : 1);
	if (S_ISLNK(e->mode)) {
		target = xstrndup(e->data, e->size);
		archive_entry_set_symlink(m, target);
	}
	if (archive_write_header(a, m) != ARCHIVE_OK ||
	    (S_ISREG(e->mode) && e->size > 0 &&
	     archive_write_data(a, e->data, e->size) != (la_ssize_t)e->size))
		r = bad(a, err);
	archive_entry_free(m);
	return r;
}

static int open_archive(struct archive *a, int fd, struct error *err)
{
	if (archive_write_set_format_cpio_newc(a) != ARCHIVE_OK ||
	    archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
	    archive_write_set_filter_option(a, "zstd", "compression-level", ZSTD_LEVEL) !=
		    ARCHIVE_OK ||
	    archive_write_set_filter_option(a, "zstd", "threads", ZSTD_THREADS) !=
		    ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		return bad(a, err);
	return 0;
}

static void archive_freep(struct archive **a)
{
	archive_write_free(*a);
}

int cpio_write(struct cpio *c, int fd, int64_t epoch, struct error *err)
{
	_cleanup_(archive_freep) struct archive *a = archive_write_new();
	int r = open_archive(a, fd, err);

	/* The table's keys are the paths themselves: they move with their entries. */
	if (c->count > 0)
		qsort(c->list, c->count, sizeof(*c->list), compare_entries);
	for (size_t i = 0; r == 0 && i < c->count; i++)
		r = write_entry(a, &c->list[i], i + 1, epoch, err);
	if (r == 0 && archive_write_close(a) != ARCHIVE_OK)
		r = bad(a, err);
	return r;
}

void cpio_done(struct cpio *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->list[i].path);
		free(c->list[i].data);
	}
	free(c->list);
	table_done(&c->paths);
	*c = (struct cpio){0};
}
