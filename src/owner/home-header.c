/* SPDX-License-Identifier: MIT */
/* Keeps the headers of homes, and puts them back. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "owner/home-header.h"

#define SIZE HOME_HEADER_SIZE
/* Of the LUKS2 on-disk format: the size of each of the two metadata areas at the
 * beginning, in the binary header (cryptsetup, docs/on-disk-format-luks2.pdf). */
#define METADATA_SIZE_AT 8
/* homed's slot takes about a second to make: within that nothing is copied. */
#define TRIES 5

/* A home's file, and the header of the volume in it. */
struct home {
	int fd;
	uint64_t start; /* bytes into the file */
	char *header;	/* SIZE bytes */
	int copy;	/* the header as a file, for libcryptsetup */
	struct crypt_device *device;
	struct error said;    /* the library's last words */
	const char *metadata; /* JSON; of `device` */
	int slots;
};

static void home_done(struct home *h)
{
	crypt_free(h->device);
	close_fdp(&h->copy);
	close_fdp(&h->fd);
	free(h->header);
}

#define _cleanup_home_ _cleanup_(home_done)
#define HOME_NONE ((struct home){.fd = -1, .copy = -1})

/* What libcryptsetup makes of the bytes in `header`. -EMEDIUMTYPE: they aren't a LUKS2
 * header. */
static int understand(struct home *h)
{
	_cleanup_free_ char *path = NULL;
	int r;

	h->copy = memfd_create("home-header", MFD_CLOEXEC);
	if (h->copy < 0)
		return -errno;
	r = write_full(h->copy, h->header, SIZE);
	if (r < 0)
		return r;
	if (ftruncate(h->copy, LUKS_DATA_OFFSET) < 0)
		return -errno;
	path = xasprintf("/proc/self/fd/%d", h->copy);
	if (crypt_init(&h->device, path) < 0)
		return -EMEDIUMTYPE;
	/* Else it says on the terminal what is wrong with other data. */
	crypt_set_log_callback(h->device, crypt_keep_message, &h->said);
	if (crypt_load(h->device, CRYPT_LUKS2, NULL) < 0 ||
	    crypt_dump_json(h->device, &h->metadata, 0) < 0)
		return -EMEDIUMTYPE;
	for (int i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		crypt_keyslot_info info = crypt_keyslot_status(h->device, i);
		uint64_t at, size;

		if (info != CRYPT_SLOT_ACTIVE && info != CRYPT_SLOT_ACTIVE_LAST)
			continue;
		if (crypt_keyslot_area(h->device, i, &at, &size) < 0 || at > SIZE ||
		    size > SIZE - at)
			return -EMEDIUMTYPE;
		h->slots++;
	}
	return 0;
}

static int read_at(int fd, uint64_t start, char *ret)
{
	for (size_t done = 0; done < SIZE;) {
		ssize_t n = pread(fd, ret + done, SIZE - done, (off_t)(start + done));

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EMEDIUMTYPE;
		done += (size_t)n;
	}
	return 0;
}

static int write_at(int fd, uint64_t start, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, data + done, size - done, (off_t)(start + done));

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* homed's file is a disk of one partition. */
static int home_open(const char *homes, const char *user, int flags, struct home *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.home", homes, user);
	_cleanup_free_ struct gpt *table = xcalloc(1, sizeof(*table));
	struct error err;
	struct stat st;
	int r;

	ret->fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (ret->fd < 0)
		return -errno;
	if (fstat(ret->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	r = gpt_read(ret->fd, table, &err);
	if (r < 0 || table->count != 1)
		return r < 0 ? r : -EMEDIUMTYPE;
	ret->start = table->partitions[0].start;
	ret->header = xmalloc(SIZE);
	r = read_at(ret->fd, ret->start, ret->header);
	return r < 0 ? r : understand(ret);
}

static int copy_open(const char *copies, const char *user, struct home *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", copies, user);
	size_t size;
	int r = read_file_at(AT_FDCWD, path, SIZE, &ret->header, &size);

	if (r == 0 && size != SIZE)
		r = -EMEDIUMTYPE;
	return r < 0 ? r : understand(ret);
}

/* What is said of whatever isn't a home that we know how to keep. */
static bool is_none(int r)
{
	return r == -ENOENT || r == -EMEDIUMTYPE || r == -ELOOP || r == -EISDIR ||
	       r == -E2BIG || r == -ENXIO;
}

/* The header, twice the same with a moment between. */
static int read_still(const char *homes, const char *user, struct home *ret)
{
	_cleanup_free_ char *again = xmalloc(SIZE);
	int r = home_open(homes, user, O_RDONLY, ret);

	if (r < 0)
		return r;
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	r = read_at(ret->fd, ret->start, again);
	return r < 0 ? r : memcmp(again, ret->header, SIZE) != 0 ? -EBUSY : 0;
}

static int keep_copy(const char *copies, const char *user, const struct home *h)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", copies, user);
	int r = make_parents_at(AT_FDCWD, path);

	if (r == 0 && chmod(copies, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = write_file_at(AT_FDCWD, path, h->header, SIZE, 0600);
	return r < 0 ? r : sync_file_system(copies);
}

int home_header_keep(const char *homes, const char *copies, const char *user,
		     struct error *err)
{
	int r = -EBUSY;

	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		_cleanup_home_ struct home h = HOME_NONE, old = HOME_NONE;

		r = read_still(homes, user, &h);
		if (r < 0)
			continue;
		if (h.slots == 0)
			r = -EBUSY;
		else if (copy_open(copies, user, &old) < 0 ||
			 memcmp(old.header, h.header, SIZE) != 0)
			r = keep_copy(copies, user, &h);
	}
	if (is_none(r))
		return 0;
	if (r == -EBUSY) {
		log_debug("home of %s: its header changes all the time", user);
		return 0;
	}
	return r < 0 ? fail(err, r,
			    "The header of %s's home can't be copied to %s (%s): without "
			    "that a power failure in a change of its password could "
			    "close "
			    "it for ever. Make room there and try again",
			    user, copies, strerror(-r))
		     : 0;
}

/* The bytes of both metadata areas; the slots lie behind them. */
static size_t metadata_size(const struct home *h)
{
	uint64_t one;

	memcpy(&one, h->header + METADATA_SIZE_AT, sizeof(one));
	one = be64toh(one);
	return one < SIZE / 2 ? 2 * (size_t)one : SIZE;
}

/* A slot is wiped before the list of slots says so. */
static bool is_cut(const struct home *h, const struct home *copy)
{
	size_t metadata = metadata_size(copy);

	if (h->slots == 0)
		return true;
	return streq(h->metadata, copy->metadata) &&
	       memcmp(h->header + metadata, copy->header + metadata, SIZE - metadata) !=
		       0;
}

/* The slots before the metadata that lists them, so that a further cut finds a header
 * that is to be mended, or one that is whole. */
static int put_back(const struct home *h, const struct home *copy)
{
	size_t metadata = metadata_size(copy);
	int r = write_at(h->fd, h->start + metadata, copy->header + metadata,
			 SIZE - metadata);

	return r < 0 ? r : write_at(h->fd, h->start, copy->header, metadata);
}

int home_header_mend(const char *homes, const char *copies, const char *user,
		     struct error *err)
{
	_cleanup_home_ struct home h = HOME_NONE, copy = HOME_NONE;
	int r = copy_open(copies, user, &copy);

	if (r == 0)
		r = home_open(homes, user, O_RDWR, &h);
	if (is_none(r))
		return 0;
	if (r == 0 && (copy.slots == 0 ||
		       !streq(crypt_get_uuid(h.device), crypt_get_uuid(copy.device)) ||
		       !is_cut(&h, &copy)))
		return 0;
	if (r == 0)
		r = put_back(&h, &copy);
	return r < 0 ? fail(err, r,
			    "The header of %s's home can't be mended with its copy in "
			    "%s: %s. The copy stays: restart, or run 'atomos passwd "
			    "--restore'",
			    user, copies, strerror(-r))
		     : 1;
}

void home_headers_prune(const char *copies, char *const *users)
{
	_cleanup_closedir_ DIR *d = opendir(copies);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && !strv_contains(users, e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
}
