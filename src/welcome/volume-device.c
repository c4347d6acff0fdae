/* SPDX-License-Identifier: MIT */
/* Opens the partition of the homes as a device of the kernel. A file of its own: a test
 * that has no device-mapper brings another. */
#include <string.h>

#include "base/cryptsetup.h"
#include "welcome/volume.h"

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
