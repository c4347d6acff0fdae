/* SPDX-License-Identifier: MIT */
/* LUKS2 headers in plain files, through libcryptsetup. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/cryptsetup.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/token.h"
#include "image/luks.h"
#include "image/xts.h"

static int crypt_open(const char *path, struct error *said, struct crypt_device **ret)
{
	int r = crypt_init(ret, path);

	if (r < 0)
		return r;
	crypt_set_log_callback(*ret, crypt_keep_message, said);
	return 0;
}

static int make_key(struct secret **ret_key, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();

	if (getrandom(key->data, XTS_KEY_SIZE, 0) != XTS_KEY_SIZE)
		return fail(err, -EIO, "The kernel gives no random numbers");
	key->size = XTS_KEY_SIZE;
	*ret_key = TAKE_PTR(key);
	return 0;
}

static int format(struct crypt_device *cd, const struct luks_options *o,
		  const struct secret *key)
{
	/* The digest of the volume key takes the same parameters. */
	const struct crypt_pbkdf_type pbkdf = {.type = CRYPT_KDF_PBKDF2,
					       .hash = "sha256",
					       .iterations = LUKS_MEDIUM_ITERATIONS,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	struct crypt_params_luks2 parameters = {.pbkdf = &pbkdf,
						.sector_size = XTS_SECTOR,
						.label = o->label ? o->label : "atomos"};
	int r = crypt_set_data_offset(cd, LUKS_DATA_OFFSET / 512);

	if (r == 0)
		r = crypt_set_pbkdf_type(cd, &pbkdf);
	if (r == 0)
		r = crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", o->uuid,
				 key->data, key->size, &parameters);
	if (r == 0)
		r = crypt_keyslot_add_by_volume_key(cd, 0, key->data, key->size,
						    o->password->data, o->password->size);
	if (r >= 0)
		r = o->keymap ? token_add_text(cd, KEYMAP_TOKEN, "keymap", o->keymap) : 0;
	return r < 0 ? r : 0;
}

static int make_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	/* The library wants to see at least one sector of data behind the header. */
	return ftruncate(fd, LUKS_DATA_OFFSET + XTS_SECTOR) < 0 ? -errno : 0;
}

int luks_format_device(const struct luks_options *o, struct secret **ret_key,
		       struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	_cleanup_secret_ struct secret *key = NULL;
	struct error said = {0};
	int r = make_key(&key, err);

	if (r < 0)
		return r;
	r = crypt_open(o->path, &said, &cd);
	if (r == 0)
		r = format(cd, o, key);
	if (r < 0)
		return fail(err, r, "Can't make the encrypted volume's header in %s: %s",
			    o->path, said.message[0] ? said.message : strerror(-r));
	if (ret_key)
		*ret_key = TAKE_PTR(key);
	return 0;
}

int luks_format(const struct luks_options *o, struct secret **ret_key, struct error *err)
{
	int r = make_file(o->path);

	return r < 0 ? fail(err, r, "Can't write %s: %s", o->path, strerror(-r))
		     : luks_format_device(o, ret_key, err);
}

/* The header in memory: what was looked at is what is opened. */
static int copy_header(int fd, uint64_t offset, int *ret, struct error *err)
{
	_cleanup_close_ int copy = memfd_create("luks-header", MFD_CLOEXEC);
	_cleanup_free_ char *buffer = xmalloc(LUKS_DATA_OFFSET);
	size_t done = 0;
	int r;

	if (copy < 0)
		return fail(err, -errno, "Can't keep the volume's header in memory: %m");
	while (done < LUKS_DATA_OFFSET) {
		ssize_t n = pread(fd, buffer + done, LUKS_DATA_OFFSET - done,
				  (off_t)(offset + done));

		if (n < 0)
			return fail(err, -errno, "Can't read the volume's header: %m");
		if (n == 0)
			return fail(err, -EMEDIUMTYPE, "The volume ends in its header");
		done += (size_t)n;
	}
	r = write_full(copy, buffer, LUKS_DATA_OFFSET);
	if (r < 0)
		return fail(err, r, "Can't keep the volume's header in memory: %s",
			    strerror(-r));
	*ret = TAKE_FD(copy);
	return 0;
}

static bool shape_matches(struct crypt_device *cd)
{
	const char *cipher = crypt_get_cipher(cd), *mode = crypt_get_cipher_mode(cd);
	struct crypt_params_reencrypt reencrypt = {0};

	return cipher && streq(cipher, "aes") && mode && streq(mode, "xts-plain64") &&
	       crypt_get_volume_key_size(cd) == XTS_KEY_SIZE &&
	       crypt_get_sector_size(cd) == XTS_SECTOR &&
	       crypt_get_data_offset(cd) == LUKS_DATA_OFFSET / 512 &&
	       crypt_get_iv_offset(cd) == 0 &&
	       crypt_reencrypt_status(cd, &reencrypt) == CRYPT_REENCRYPT_NONE;
}

int luks_open(int fd, uint64_t offset, const struct secret *password,
	      struct secret **ret_key, struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	_cleanup_secret_ struct secret *key = secret_new();
	_cleanup_close_ int header = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct error said = {0};
	size_t size = SECRET_MAX;
	int r = copy_header(fd, offset, &header, err);

	if (r < 0)
		return r;
	path = xasprintf("/proc/self/fd/%d", header);
	r = crypt_open(path, &said, &cd);
	if (r == 0)
		r = crypt_load(cd, CRYPT_LUKS2, NULL);
	if (r < 0)
		return fail(err, -EMEDIUMTYPE, "There is no LUKS2 header: %s",
			    said.message[0] ? said.message : strerror(-r));
	if (!shape_matches(cd))
		return fail(err, -EMEDIUMTYPE,
			    "The LUKS2 header has a shape that AtomOS never makes");
	r = crypt_volume_key_get(cd, CRYPT_ANY_SLOT, key->data, &size, password->data,
				 password->size);
	if (r < 0)
		return fail(err, -EKEYREJECTED, "The password doesn't open the volume");
	key->size = size;
	*ret_key = TAKE_PTR(key);
	return 0;
}
