/* SPDX-License-Identifier: MIT */
/* What the firmware starts, as one directory. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "image/boot-image.h"

#define LOADER_CONF "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n"

int boot_image_make(const struct uki_options *o, const char *directory, struct error *err)
{
	_cleanup_free_ char *uki = xasprintf("%s/" BOOT_IMAGE_UKI, directory);
	_cleanup_free_ char *loader = xasprintf("%s/" BOOT_IMAGE_LOADER, directory);
	_cleanup_free_ char *conf = xasprintf("%s/" BOOT_IMAGE_CONF, directory);
	int r = uki_build(o, uki, err);

	if (r == 0)
		r = loader_sign(o->keys, loader, err);
	if (r < 0)
		return r;
	r = write_file_at(AT_FDCWD, conf, LOADER_CONF, strlen(LOADER_CONF), 0644);
	if (r < 0)
		return fail(err, r, "Can't write %s: %s", conf, strerror(-r));
	/* Programs of the firmware, not of this system. */
	if (chmod(uki, 0644) < 0 || chmod(loader, 0644) < 0)
		return fail(err, -errno, "Can't change modes in %s: %m", directory);
	return 0;
}
