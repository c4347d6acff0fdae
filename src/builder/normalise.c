/* SPDX-License-Identifier: MIT */
/* Takes out of a configured root what differs from build to build or machine to machine.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/keystore.h"
#include "builder/normalise.h"

#define MACHINE_ID_FILE_MAX 4096
#define KEYSTORE "etc/ssl/certs/java/cacerts"
#define KEYSTORE_MAX (64U << 20)

/* Paths in the root; each part may have wildcards. */
static const char *const removed[] = {
	/* Secrets and identities: made at first boot. */
	"etc/ssh/ssh_host_*_key",
	"etc/ssh/ssh_host_*_key.pub",
	"etc/ssl/private/ssl-cert-snakeoil.key",
	"etc/ssl/certs/ssl-cert-snakeoil.pem",
	"var/lib/dbus/machine-id",
	"var/lib/systemd/random-seed",
	"etc/iscsi/initiatorname.iscsi",
	/* A database with an identity of its own: pg_createcluster makes it, and where
	 * the data is kept already only the configuration. */
	"var/lib/postgresql/*/main",
	"etc/postgresql/*/main",
	"var/log/postgresql/*",
	/* Copies that tools keep of what they changed. */
	"etc/passwd-",
	"etc/group-",
	"etc/shadow-",
	"etc/gshadow-",
	"etc/subuid-",
	"etc/subgid-",
	"var/lib/dpkg/*-old",
	"var/cache/debconf/*-old",
	/* Logs, and caches that hold inode numbers or times. */
	"var/cache/ldconfig/aux-cache",
	"var/cache/apt/*.bin",
	"var/log/*.log",
	"var/log/apt/*",
	"tmp/*",
	"var/tmp/*",
	"run/*",
	"dev/*",
	/* The kernel's links: the boot image is made elsewhere. */
	"vmlinuz",
	"vmlinuz.old",
	"initrd.img",
	"initrd.img.old",
};

static char **list_matches(DIR *dir, const char *pattern)
{
	char **names = NULL;
	struct dirent *e;

	while ((e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") &&
		    fnmatch(pattern, e->d_name, 0) == 0)
			names = strv_add(names, e->d_name);
	return names;
}

/* Removes what matches below an open directory; never follows a link. */
static int remove_matches(int fd, const char *pattern)
{
	size_t length = strcspn(pattern, "/");
	_cleanup_free_ char *part = xstrndup(pattern, length);
	_cleanup_strv_ char **names = NULL;
	DIR *dir = fdopendir(fd);
	int r = 0;

	if (!dir) {
		close(fd);
		return -errno;
	}
	names = list_matches(dir, part);
	for (char **n = names; n && *n && r == 0; n++) {
		if (!pattern[length]) {
			r = remove_tree_at(dirfd(dir), *n);
			continue;
		}
		fd = openat(dirfd(dir), *n,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			r = remove_matches(fd, pattern + length + 1);
	}
	closedir(dir);
	return r;
}

static int remove_pattern(int root_fd, const char *pattern, struct error *err)
{
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    r = fd < 0 ? -errno : remove_matches(fd, pattern);

	return r < 0 ? fail(err, r, "/%s can't be removed: %s", pattern, strerror(-r))
		     : 0;
}

/* Symlinks in a folder to a file that a rule took out: certificates by their hash. */
static int remove_dangling(int root_fd, const char *folder, const char *target,
			   struct error *err)
{
	int fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	while (r == 0 && (e = readdir(dir))) {
		_cleanup_free_ char *link = NULL;

		if (readlink_at(dirfd(dir), e->d_name, &link) == 0 &&
		    endswith(link, target))
			r = unlinkat(dirfd(dir), e->d_name, 0) < 0 ? -errno : 0;
	}
	closedir(dir);
	return r < 0 ? fail(err, r, "A link in /%s can't be removed: %s", folder,
			    strerror(-r))
		     : 0;
}

/* The file stays, empty: systemd takes that for "made anew at each boot". */
static int empty_machine_id(int root_fd, char *ret_machine_id, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = read_file_at(root_fd, "etc/machine-id", MACHINE_ID_FILE_MAX, &text,
			     &size);

	*ret_machine_id = 0;
	if (r == -ENOENT || (r == 0 && size == 0))
		return 0;
	if (r == 0 && size >= MACHINE_ID_SIZE - 1) {
		memcpy(ret_machine_id, text, MACHINE_ID_SIZE - 1);
		ret_machine_id[MACHINE_ID_SIZE - 1] = 0;
	}
	if (r == 0)
		r = write_file_at(root_fd, "etc/machine-id", "", 0, 0444);
	return r < 0 ? fail(err, r, "/etc/machine-id can't be emptied: %s", strerror(-r))
		     : 0;
}

/* It notes when each certificate was added. */
static int stabilise_keystore(int root_fd, int64_t epoch, struct error *err)
{
	_cleanup_free_ char *data = NULL;
	size_t size;
	struct stat st;
	int r = read_file_at(root_fd, KEYSTORE, KEYSTORE_MAX, &data, &size);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || fstatat(root_fd, KEYSTORE, &st, 0) < 0)
		return fail(err, r, "/" KEYSTORE " can't be read: %s", strerror(-r));
	r = keystore_stabilise((uint8_t *)data, size, epoch, err);
	if (r < 0)
		return wrap(err, "/" KEYSTORE);
	r = write_file_at(root_fd, KEYSTORE, data, size, st.st_mode & 07777);
	return r < 0 ? fail(err, r, "/" KEYSTORE " can't be written: %s", strerror(-r))
		     : 0;
}

int normalise_root(int root_fd, int64_t epoch, char *ret_machine_id, struct error *err)
{
	int r = empty_machine_id(root_fd, ret_machine_id, err);

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(removed); i++)
		r = remove_pattern(root_fd, removed[i], err);
	if (r == 0)
		r = stabilise_keystore(root_fd, epoch, err);
	if (r < 0)
		return r;
	return remove_dangling(root_fd, "etc/ssl/certs", "ssl-cert-snakeoil.pem", err);
}
