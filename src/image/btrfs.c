/* SPDX-License-Identifier: MIT */
/* mkfs.btrfs, and what it leaves too large. */
#include <errno.h>
#include <linux/btrfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "image/btrfs.h"
#include "image/mount.h"

/* Room that mkfs needs beside the content; the file is sparse, and cut afterwards. */
#define EXTRA (512ULL << 20)

static int run_mkfs(const char *path, const struct btrfs_options *o, struct error *err)
{
	/* One copy of metadata: a medium's content is checked and can be had again. */
	const char *const argv[] = {"mkfs.btrfs", "--quiet", "--metadata", "single",
				    "--rootdir",  o->tree,   "--subvol",   "nix",
				    "--subvol",	  "state",   "--compress", o->compress,
				    "--uuid",	  o->uuid,   "--label",	   "atomos",
				    path,	  NULL};
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	_cleanup_free_ char *output = NULL;
	int r;

	if (fd < 0 || ftruncate(fd, (off_t)(o->content_size + EXTRA)) < 0)
		return fail(err, -errno, "Can't write %s: %m", path);
	r = process_check(&(struct process){.argv = argv}, &output, NULL, err);
	return r < 0 ? wrap(err, "Can't make the file system") : 0;
}

/* mkfs allocates block groups well before the ones it has are full; the kernel knows how
 * to drop those that stayed empty. */
static int drop_unused(const char *path, struct error *err)
{
	_cleanup_loop_mount_ struct loop_mount m = {0};
	struct btrfs_ioctl_balance_args balance = {
		.flags = BTRFS_BALANCE_DATA | BTRFS_BALANCE_METADATA,
		.data.flags = BTRFS_BALANCE_ARGS_USAGE,
		.meta.flags = BTRFS_BALANCE_ARGS_USAGE};
	_cleanup_close_ int fd = -EBADF;
	int r = loop_mount(path, false, &m, err);

	if (r < 0)
		return r;
	fd = open(m.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BTRFS_IOC_BALANCE_V2, &balance) < 0)
		return fail(err, -errno,
			    "Can't remove unused space from the file system: %m");
	close(TAKE_FD(fd));
	return loop_unmount(&m, err);
}

int btrfs_make(const char *path, const struct btrfs_options *o, struct error *err)
{
	struct error why = {0};
	uint64_t size;
	int r = run_mkfs(path, o, err);

	if (r < 0)
		return r;
	if (drop_unused(path, &why) < 0)
		log_warning("The image will be larger than it need be: %s", why.message);
	return btrfs_shrink(path, &size, err);
}
