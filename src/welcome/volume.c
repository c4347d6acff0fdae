/* SPDX-License-Identifier: MIT */
/* Formats and opens the partition of the homes. */
#include <errno.h>
#include <inttypes.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "welcome/volume.h"

/* As image/luks.h has them; the boot refuses every other shape. */
#define DATA_OFFSET (16U << 20)
#define SECTOR 4096
#define ITERATIONS 1000
#define NUMBER_MAX 4096 /* as large as files of sysfs say they are */

static void crypt_freep(struct crypt_device **cd)
{
	crypt_free(*cd);
}

static int format(struct crypt_device *cd, const char *label, const struct secret *key)
{
	/* The key is 512 random bits: work adds nothing. */
	const struct crypt_pbkdf_type pbkdf = {.type = CRYPT_KDF_PBKDF2,
					       .hash = "sha256",
					       .iterations = ITERATIONS,
					       .flags = CRYPT_PBKDF_NO_BENCHMARK};
	struct crypt_params_luks2 parameters = {
		.pbkdf = &pbkdf, .sector_size = SECTOR, .label = label};
	int r = crypt_set_data_offset(cd, DATA_OFFSET / 512);

	if (r == 0)
		r = crypt_set_pbkdf_type(cd, &pbkdf);
	if (r == 0)
		r = crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL,
				 VOLUME_KEY_SIZE, &parameters);
	if (r == 0)
		r = crypt_keyslot_add_by_volume_key(cd, 0, NULL, 0, key->data, key->size);
	return r < 0 ? r : 0;
}

int volume_format(const char *path, const char *label, const struct secret *key,
		  struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	int r = crypt_init(&cd, path);

	if (r == 0)
		r = format(cd, label, key);
	return r < 0 ? fail(err, r, "The partition %s can't be encrypted: %s", path,
			    strerror(-r))
		     : 0;
}

int volume_activate(const char *path, const char *name, const struct secret *key,
		    struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	int r = crypt_init(&cd, path);

	if (r == 0)
		r = crypt_load(cd, CRYPT_LUKS2, NULL);
	if (r == 0)
		r = crypt_activate_by_passphrase(cd, name, CRYPT_ANY_SLOT, key->data,
						 key->size, 0);
	return r < 0 ? fail(err, r, "The partition %s can't be opened: %s", path,
			    strerror(-r))
		     : 0;
}

char *volume_node(const char *block, const char *disk, uint64_t start)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", block, disk);
	_cleanup_closedir_ DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_free_ char *file = xasprintf("%s/start", e->d_name),
				    *text = NULL;
		uint64_t sector;

		if (!startswith(e->d_name, disk) ||
		    read_file_at(dirfd(d), file, NUMBER_MAX, &text, NULL) < 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (parse_u64(text, &sector) == 0 && sector * 512 == start)
			return xstrdup(e->d_name);
	}
	return NULL;
}
