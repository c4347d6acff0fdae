/* SPDX-License-Identifier: MIT */
/* From the initramfs into the root that was made. */
#include <dirent.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/switch.h"

struct first {
	const char *type, *target, *options;
	unsigned long flags;
};

static const struct first first[] = {
	{"proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"devtmpfs", "/dev", "mode=0755", MS_NOSUID},
	{"tmpfs", "/run", "mode=0755,size=20%", MS_NOSUID | MS_NODEV},
};

void mount_first(void)
{
	for (size_t i = 0; i < ELEMENTSOF(first); i++) {
		(void)mkdir(first[i].target, 0755);
		if (mount(first[i].type, first[i].target, first[i].type, first[i].flags,
			  first[i].options) < 0 &&
		    errno != EBUSY)
			log_warning("%s can't be mounted: %m", first[i].target);
	}
}

static int check_init(const char *root, const char *init, struct error *err)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	_cleanup_close_ int dirfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC),
			    fd = -EBADF;
	struct stat st;

	if (dirfd >= 0)
		fd = (int)syscall(SYS_openat2, dirfd, init, &how, sizeof(how));
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return fail(err, -ENOEXEC, "The system has no program %s to start with",
			    init);
	return 0;
}

static int move_mounts(const char *root, struct error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(first); i++) {
		_cleanup_free_ char *target = xasprintf("%s%s", root, first[i].target);

		if (mkdir(target, 0755) < 0 && errno != EEXIST)
			return fail(err, -errno, "%s can't be made in the root: %m",
				    first[i].target);
		if (mount(first[i].target, target, NULL, MS_MOVE, NULL) < 0)
			return fail(err, -errno, "%s can't be moved into the root: %m",
				    first[i].target);
	}
	return 0;
}

/* Frees the memory of the initramfs; never leaves its file system. Takes `fd` over. */
static void remove_below(int fd, dev_t device)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!d) {
		close(fd);
		return;
	}
	while ((e = readdir(d))) {
		int sub;

		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != device)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			(void)unlinkat(fd, e->d_name, 0);
			continue;
		}
		sub = openat(fd, e->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			remove_below(sub, device);
		(void)unlinkat(fd, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

int switch_root(const char *root, const char *init, struct error *err)
{
	int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	struct stat st;

	if (old < 0 || fstat(old, &st) < 0)
		return fail(err, -errno, "The boot image's root can't be opened: %m");
	r = check_init(root, init, err);
	if (r == 0)
		r = move_mounts(root, err);
	if (r < 0) {
		close(old);
		return r;
	}
	if (chdir(root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0) {
		close(old);
		return fail(err, -errno, "The root can't be switched: %m");
	}
	remove_below(old, st.st_dev);
	return 0;
}
