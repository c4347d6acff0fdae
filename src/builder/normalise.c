/* SPDX-License-Identifier: MIT */
/* Takes out of a configured root what differs from build to build or machine to machine.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/normalise.h"

#define MACHINE_ID_FILE_MAX 4096

struct rule {
	const char *folder, *pattern; /* of names in it */
};

static const struct rule removed[] = {
	/* Secrets and identities: made at first boot. */
	{"etc/ssh", "ssh_host_*_key"},
	{"etc/ssh", "ssh_host_*_key.pub"},
	{"etc/ssl/private", "ssl-cert-snakeoil.key"},
	{"etc/ssl/certs", "ssl-cert-snakeoil.pem"},
	{"var/lib/dbus", "machine-id"},
	{"var/lib/systemd", "random-seed"},
	{"etc/iscsi", "initiatorname.iscsi"},
	/* Copies that tools keep of what they changed. */
	{"etc", "passwd-"},
	{"etc", "group-"},
	{"etc", "shadow-"},
	{"etc", "gshadow-"},
	{"etc", "subuid-"},
	{"etc", "subgid-"},
	{"etc", ".pwd.lock"},
	{"var/lib/dpkg", "*-old"},
	{"var/cache/debconf", "*-old"},
	{"var/lib/ucf", "*.[0-9]"},
	/* Locks, logs, and caches that hold inode numbers or times. */
	{"var/lib/dpkg", "lock"},
	{"var/lib/dpkg", "lock-frontend"},
	{"var/lib/dpkg/triggers", "Lock"},
	{"var/cache/ldconfig", "aux-cache"},
	{"var/cache/apt", "*.bin"},
	{"var/log", "*.log"},
	{"var/log/apt", "*"},
	{"tmp", "*"},
	{"var/tmp", "*"},
	{"run", "*"},
	{"dev", "*"},
	/* The kernel's links: the boot image is made elsewhere. */
	{"", "vmlinuz"},
	{"", "vmlinuz.old"},
	{"", "initrd.img"},
	{"", "initrd.img.old"},
};

static int remove_matches(int root_fd, const struct rule *rule, struct error *err)
{
	const char *folder = *rule->folder ? rule->folder : ".";
	_cleanup_strv_ char **names = NULL;
	int fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	while ((e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") &&
		    fnmatch(rule->pattern, e->d_name, 0) == 0)
			names = strv_add(names, e->d_name);
	for (char **n = names; n && *n && r == 0; n++)
		r = remove_tree_at(dirfd(dir), *n);
	closedir(dir);
	return r < 0 ? fail(err, r, "/%s/%s can't be removed: %s", rule->folder,
			    rule->pattern, strerror(-r))
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

int normalise_root(int root_fd, char *ret_machine_id, struct error *err)
{
	int r = empty_machine_id(root_fd, ret_machine_id, err);

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(removed); i++)
		r = remove_matches(root_fd, &removed[i], err);
	if (r < 0)
		return r;
	return remove_dangling(root_fd, "etc/ssl/certs", "ssl-cert-snakeoil.pem", err);
}
