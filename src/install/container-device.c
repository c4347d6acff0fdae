/* SPDX-License-Identifier: MIT */
/* The encrypted volume of an installation as a device of the kernel. A file of its own: a
 * test that has no device-mapper brings another. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cryptsetup.h"
#include "image/luks.h"
#include "image/xts.h"
#include "install/container.h"

#define NAME "atomos-install"
#define CRYPT_SECTOR 512

/* The kernel encrypts as it will when the partition is there: LUKS2 counts sectors from
 * the start of the data. */
static int map(struct crypt_device *cd, const struct container *c,
	       const struct secret *key)
{
	struct crypt_params_plain plain = {
		.offset = ((c->part ? 0 : c->region.start) + LUKS_DATA_OFFSET) /
			  CRYPT_SECTOR,
		.size = (c->region.size - LUKS_DATA_OFFSET) / CRYPT_SECTOR,
		.sector_size = XTS_SECTOR};
	int r = crypt_format(cd, CRYPT_PLAIN, "aes", "xts-plain64", NULL, NULL, key->size,
			     &plain);

	return r < 0 ? r
		     : crypt_activate_by_volume_key(cd, NAME, key->data, key->size, 0);
}

int container_open(const struct container *c, const struct secret *key, struct error *err)
{
	_cleanup_(crypt_freep) struct crypt_device *cd = NULL;
	struct error said = {0};
	int r = container_close(err);

	if (r < 0)
		return r;
	r = crypt_init(&cd, c->part ? c->part : c->disk);
	if (r == 0) {
		crypt_set_log_callback(cd, crypt_keep_message, &said);
		r = map(cd, c, key);
	}
	if (r < 0)
		return fail(err, r, "Can't open the new encrypted volume on %s: %s",
			    c->disk, said.message[0] ? said.message : strerror(-r));
	return 0;
}

int container_close(struct error *err)
{
	struct error said = {0};
	int r;

	if (access(CONTAINER_DEVICE, F_OK) < 0)
		return 0;
	crypt_set_log_callback(NULL, crypt_keep_message, &said);
	r = crypt_deactivate(NULL, NAME);
	crypt_set_log_callback(NULL, NULL, NULL);
	return r < 0 && r != -ENODEV
		       ? fail(err, r, "Can't close the encrypted volume " NAME ": %s",
			      said.message[0] ? said.message : strerror(-r))
		       : 0;
}
