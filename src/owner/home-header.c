/* SPDX-License-Identifier: MIT */
/* Keeps the headers of homes, and puts them back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/variant.h"
#include "image/gpt.h"
#include "image/luks.h"
#include "owner/home-header.h"

#define SIZE HOME_HEADER_SIZE
#define SECTOR 512
/* Of the LUKS2 on-disk format (cryptsetup, docs/on-disk-format-luks2.pdf): two metadata
 * areas, each with a binary header at its beginning. */
#define BINARY_HEADER 4096
#define MAGIC_SIZE 6
#define FIRST_MAGIC "LUKS\xba\xbe"
#define SECOND_MAGIC "SKUL\xba\xbe"
#define UUID_AT 168
#define UUID_SIZE 40
/* homed's slot takes about a second to make: within that nothing is copied. */
#define TRIES 5

/* A home's file, and the header of the volume in it. */
struct home {
	int fd;
	uint64_t start; /* bytes into the file */
	char *header;	/* SIZE bytes */
	int copy;	/* the header as a file, for libcryptsetup */
	struct crypt_device *device;
	struct error said; /* the library's last words */
	sd_json_variant *metadata;
	int slots;
};

static void home_done(struct home *h)
{
	sd_json_variant_unref(h->metadata);
	crypt_free(h->device);
	close_fdp(&h->copy);
	close_fdp(&h->fd);
	free(h->header);
}

#define _cleanup_home_ _cleanup_(home_done)
#define HOME_NONE ((struct home){.fd = -1, .copy = -1})

/* A file that libcryptsetup takes for the beginning of the volume: these bytes. */
static int memory_file(const char *data, size_t at, size_t size, int *ret)
{
	_cleanup_close_ int fd = memfd_create("home-header", MFD_CLOEXEC);
	int r;

	if (fd < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0)
		return -errno;
	r = write_full(fd, data + at, size);
	if (r == 0 && ftruncate(fd, LUKS_DATA_OFFSET) < 0)
		r = -errno;
	if (r == 0)
		*ret = TAKE_FD(fd);
	return r;
}

static int load(int fd, struct crypt_device **ret, struct error *said)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);

	if (crypt_init(ret, path) < 0)
		return -EMEDIUMTYPE;
	/* Else it says on the terminal what is wrong with other data. */
	crypt_set_log_callback(*ret, crypt_keep_message, said);
	return crypt_load(*ret, CRYPT_LUKS2, NULL) < 0 ? -EBADMSG : 0;
}

static bool is_active(struct crypt_device *cd, int slot)
{
	crypt_keyslot_info info = crypt_keyslot_status(cd, slot);

	return info == CRYPT_SLOT_ACTIVE || info == CRYPT_SLOT_ACTIVE_LAST;
}

/* Nothing but header and slots may lie in what is put back. */
static bool has_our_shape(struct crypt_device *cd)
{
	return crypt_get_data_offset(cd) * SECTOR >= SIZE &&
	       crypt_reencrypt_status(cd, NULL) == CRYPT_REENCRYPT_NONE;
}

/* What libcryptsetup makes of the bytes in `header`. -EBADMSG: it can't read them.
 * -EMEDIUMTYPE: not all slots are in what is copied, or more than those. */
static int understand(struct home *h)
{
	const char *json;
	int r = memory_file(h->header, 0, SIZE, &h->copy);

	if (r == 0)
		r = load(h->copy, &h->device, &h->said);
	if (r < 0)
		return r;
	if (!has_our_shape(h->device) || crypt_dump_json(h->device, &json, 0) < 0 ||
	    variant_parse(json, "it", &h->metadata, NULL) < 0)
		return -EMEDIUMTYPE;
	for (int i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		uint64_t at, size;

		if (!is_active(h->device, i))
			continue;
		if (crypt_keyslot_area(h->device, i, &at, &size) < 0 || at > SIZE ||
		    size > SIZE - at)
			return -EMEDIUMTYPE;
		h->slots++;
	}
	return 0;
}

static int read_at(int fd, uint64_t start, char *ret, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, ret + done, size - done, (off_t)(start + done));

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
	return 0;
}

static int home_read(struct home *h)
{
	int r;

	h->header = xmalloc(SIZE);
	r = read_at(h->fd, h->start, h->header, SIZE);
	if (r < 0)
		free(TAKE_PTR(h->header));
	return r < 0 ? r : understand(h);
}

static int copy_open(const char *copies, const char *user, struct home *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", copies, user);
	size_t size;
	int r = read_file_at(AT_FDCWD, path, SIZE, &ret->header, &size);

	if (r == -EFBIG || (r == 0 && size != SIZE))
		r = -EMEDIUMTYPE;
	if (r == 0)
		r = understand(ret);
	return r == 0 && ret->slots == 0 ? -EMEDIUMTYPE : r;
}

/* What is said of whatever isn't a home that we know how to keep. */
static bool is_none(int r)
{
	return r == -ENOENT || r == -EMEDIUMTYPE || r == -EBADMSG || r == -ELOOP ||
	       r == -EISDIR || r == -E2BIG || r == -ENXIO;
}

/* The bytes of one metadata area; the slots lie behind the second. */
static size_t metadata_size(const struct home *h)
{
	uint64_t one, slots;

	/* Of what was understood it never fails. */
	if (crypt_get_metadata_size(h->device, &one, &slots) < 0)
		return SIZE / 2;
	return MIN(one, SIZE / 2);
}

static sd_json_variant *slot_of(const struct home *h, int slot)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", slot);
	return variant_get(variant_get(h->metadata, "keyslots"), name);
}

/* Each one that it lists is the copy's, with the same salt. */
static bool lists_no_new_slot(const struct home *h, const struct home *copy)
{
	for (int i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++)
		if (is_active(h->device, i) &&
		    !(is_active(copy->device, i) &&
		      sd_json_variant_equal(slot_of(h, i), slot_of(copy, i))))
			return false;
	return true;
}

static int first_slot(const struct home *h)
{
	int i = 0;

	while (i < crypt_keyslot_max(CRYPT_LUKS2) && !is_active(h->device, i))
		i++;
	return i;
}

/* homed's way through a change is: each slot in turn is wiped, taken off the list, and
 * made anew with another salt. So it was cut at the first one when that is gone, or
 * another's, and none is new. */
static bool is_cut(const struct home *h, const struct home *copy)
{
	int first = first_slot(copy);
	uint64_t at, size;

	if (!streq(crypt_get_uuid(h->device), crypt_get_uuid(copy->device)) ||
	    !lists_no_new_slot(h, copy))
		return false;
	if (!is_active(h->device, first))
		return true;
	return crypt_keyslot_area(copy->device, first, &at, &size) == 0 &&
	       memcmp(h->header + at, copy->header + at, size) != 0;
}

static bool is_same_at(const struct home *h, const struct home *copy, uint64_t at,
		       size_t size)
{
	_cleanup_free_ char *data = xmalloc(size);

	return read_at(h->fd, h->start + at, data, size) == 0 &&
	       memcmp(data, copy->header + at, size) == 0;
}

/* The binary header and the text behind it; zeros fill the rest. */
static bool is_same_metadata(const struct home *h, const struct home *copy, size_t at)
{
	size_t room = metadata_size(copy) - BINARY_HEADER;
	const char *text = copy->header + at + BINARY_HEADER;

	return is_same_at(h, copy, at, BINARY_HEADER + strnlen(text, room));
}

/* Whether the copy is that of the home's header, by no more than that takes: each start
 * looks. The metadata has the salts of all slots. */
static bool is_copied(const struct home *h, const struct home *copy)
{
	uint64_t at, size;

	return crypt_keyslot_area(copy->device, first_slot(copy), &at, &size) == 0 &&
	       is_same_metadata(h, copy, 0) &&
	       is_same_metadata(h, copy, metadata_size(copy)) &&
	       is_same_at(h, copy, at, size);
}

/* Whether one of two metadata areas that can't be read both is of the copy's volume. */
static bool is_torn(const struct home *h, const struct home *copy)
{
	const char *uuid = crypt_get_uuid(copy->device);
	const char *first = h->header, *second = first + metadata_size(copy);

	return (memcmp(first, FIRST_MAGIC, MAGIC_SIZE) == 0 &&
		strncmp(first + UUID_AT, uuid, UUID_SIZE) == 0) ||
	       (memcmp(second, SECOND_MAGIC, MAGIC_SIZE) == 0 &&
		strncmp(second + UUID_AT, uuid, UUID_SIZE) == 0);
}

/* Twice the same with a moment between. */
static int is_still(const struct home *h)
{
	_cleanup_free_ char *again = xmalloc(SIZE);
	int r;

	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	r = read_at(h->fd, h->start, again, SIZE);
	return r < 0 ? r : memcmp(again, h->header, SIZE) != 0 ? -EBUSY : 0;
}

static int write_copy(const char *copies, const char *user, const struct home *h)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", copies, user);
	int r = make_parents_at(AT_FDCWD, path);

	if (r == 0 && chmod(copies, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = write_file_at(AT_FDCWD, path, h->header, SIZE, 0600);
	return r < 0 ? r : sync_file_system(copies);
}

/* Whether there is a header to copy: 1, or 0 when the copy is that already. -EBUSY: one
 * that is being changed, which the copy may have to mend. */
static int look(const char *homes, const char *copies, const char *user, struct home *ret)
{
	_cleanup_home_ struct home old = HOME_NONE;
	int r = home_open(homes, user, O_RDONLY, ret), copied;

	if (r < 0)
		return r;
	copied = copy_open(copies, user, &old);
	if (copied == 0 && is_copied(ret, &old))
		return 0;
	r = home_read(ret);
	if (r < 0)
		return r;
	if (copied == 0 && is_cut(ret, &old))
		return -EBUSY;
	if (ret->slots == 0)
		return -EBUSY;
	r = is_still(ret);
	return r < 0 ? r : 1;
}

static int fail_copy(const char *copies, const char *user, int r, struct error *err)
{
	bool full = r == -ENOSPC || r == -EDQUOT;

	return fail(err, r,
		    "The header of %s's home can't be copied to %s (%s), and a power "
		    "failure in a change of its password could close it for ever: %s",
		    user, copies, strerror(-r),
		    full ? "make room there and try again"
			 : "'journalctl -k' may tell what the disk has, then try again");
}

int home_header_keep(const char *homes, const char *copies, const char *user,
		     struct error *err)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_home_ struct home h = HOME_NONE;
		int r = look(homes, copies, user, &h);

		if (r > 0) {
			r = write_copy(copies, user, &h);
			return r < 0 ? fail_copy(copies, user, r, err) : 0;
		}
		if (r == 0 || is_none(r))
			return 0;
		if (r != -EBUSY)
			return fail(
				err, r,
				"The header of %s's home can't be read (%s), so no "
				"copy is made of it: 'journalctl -k' may tell what the "
				"disk has",
				user, strerror(-r));
		nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	}
	log_debug("home of %s: its header changes all the time", user);
	return 0;
}

/* Whether libcryptsetup reads the header by this metadata area alone. */
static bool is_whole(const struct home *h, size_t at, size_t size)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	_cleanup_close_ int fd = -1;
	struct error said;

	return memory_file(h->header, at, size, &fd) == 0 && load(fd, &cd, &said) == 0;
}

/* The slots before the metadata that lists them, and of the two metadata areas the one
 * that can't be read before the other: a further cut, which may tear what is being
 * written, finds a header that is to be mended, or one that is whole. */
static int put_back(const struct home *h, const struct home *copy)
{
	size_t size = metadata_size(copy);
	size_t first = is_whole(h, 0, size) ? size : 0, second = size - first;
	int r = write_at(h->fd, h->start + 2 * size, copy->header + 2 * size,
			 SIZE - 2 * size);

	if (r == 0)
		r = write_at(h->fd, h->start + first, copy->header + first, size);
	return r < 0 ? r
		     : write_at(h->fd, h->start + second, copy->header + second, size);
}

/* 1: it is to be mended. */
static int needs_copy(const char *homes, const char *user, int flags,
		      const struct home *copy, struct home *ret)
{
	int r = home_open(homes, user, flags, ret);

	if (r < 0 || is_copied(ret, copy))
		return r;
	r = home_read(ret);
	if (r == -EBADMSG && is_torn(ret, copy))
		return 1;
	return r < 0 ? r : is_cut(ret, copy);
}

/* As homed has it locked: during each change, and as long as the home is open. */
static int lock(const struct home *h)
{
	if (flock(h->fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return 0;
}

int home_header_mend(const char *homes, const char *copies, const char *user,
		     struct error *err)
{
	_cleanup_home_ struct home seen = HOME_NONE, h = HOME_NONE, copy = HOME_NONE;
	int r = copy_open(copies, user, &copy);

	if (r == 0)
		r = needs_copy(homes, user, O_RDONLY, &copy, &seen);
	if (is_none(r) || r == 0)
		return 0;
	if (r > 0)
		r = lock(&seen);
	if (r == -EWOULDBLOCK)
		return 0;
	/* What was seen before it was locked may have changed. */
	if (r == 0)
		r = needs_copy(homes, user, O_RDWR, &copy, &h);
	if (is_none(r) || r == 0)
		return 0;
	if (r > 0)
		r = put_back(&h, &copy);
	return r < 0 ? fail(err, r,
			    "The header of %s's home can't be mended with its copy in "
			    "%s (%s): the copy stays, so restart, or run 'atomos passwd "
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
