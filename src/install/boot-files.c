/* SPDX-License-Identifier: MIT */
/* The EFI system partition of an installation. */
#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "core/store-sink.h"
#include "image/boot-image.h"
#include "image/esp.h"
#include "install/boot-files.h"

static unsigned sector_of(const char *disk)
{
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);
	int size;

	return fd >= 0 && ioctl(fd, BLKSSZGET, &size) == 0 ? (unsigned)size : 0;
}

static int make_esp(const struct boot_files *b, const char *from, struct error *err)
{
	_cleanup_free_ char *uki = xasprintf("%s/" BOOT_IMAGE_UKI, from),
			    *loader = xasprintf("%s/" BOOT_IMAGE_LOADER, from),
			    *conf = xasprintf("%s/" BOOT_IMAGE_CONF, from);
	_cleanup_free_ char *name =
		xasprintf("EFI/Linux/atomos-%" PRIu64 ".efi", b->release);
	const struct esp_file files[] = {{"EFI/BOOT/BOOTX64.EFI", loader},
					 {name, uki},
					 {"loader/loader.conf", conf}};
	const struct esp_options o = {.files = files,
				      .count = ELEMENTSOF(files),
				      .seed = b->seed,
				      .size = b->size,
				      .sector = sector_of(b->disk)};

	return esp_make(b->esp, &o, err);
}

int boot_files_make(const struct boot_files *b, struct error *err)
{
	const struct source_part *part = &b->source->boot_image;
	const struct engine e = {.store = b->source->store};
	_cleanup_free_ char *store = xasprintf("%s/boot", b->directory),
			    *from = xasprintf("%s/%s", store,
					      part->trusted.paths[0].info->base);
	_cleanup_close_ int target = -EBADF;
	struct engine_result result;
	int r;

	if (mkdir(store, 0700) < 0)
		return fail(err, -errno, "Can't make %s: %m", store);
	target = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return fail(err, -errno, "Can't open %s: %m", store);
	r = store_copy(&e, &part->trusted, target, &result, err);
	if (r == 0)
		r = make_esp(b, from, err);
	remove_tree_at(AT_FDCWD, store);
	return r;
}
