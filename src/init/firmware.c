/* SPDX-License-Identifier: MIT */
/* First steps: what the boot image says, the machine's devices, the firmware's word. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/boot.h"
#include "init/cmdline.h"
#include "init/find.h"

#define SETTINGS_DIR "/etc/atomos"
/* Where systemd-stub puts what came with the boot image, and what lay beside it. */
#define EXTRA_DIR "/.extra"
#define EXTRA_FILE_MAX (1 << 20)
#define SIGNATURE "tpm2-pcr-signature.json"
#define PUBLIC_KEY "tpm2-pcr-public-key.pem"

int step_settings(struct boot *b, struct error *err)
{
	_cleanup_close_ int fd = open(SETTINGS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, -errno,
			    "The boot image has no %s: write the medium anew",
			    SETTINGS_DIR);
	return settings_read(fd, &b->settings, err);
}

int step_cmdline(struct boot *b, struct error *err)
{
#ifndef WITHOUT_CHECK_CMDLINE
	_cleanup_free_ char *actual = NULL;
	int r = read_file_at(AT_FDCWD, "/proc/cmdline", CMDLINE_MAX, &actual, NULL);

	if (r < 0)
		return fail(err, r, "The kernel's command line can't be read: %s",
			    strerror(-r));
	return cmdline_check(actual, b->settings.cmdline, err);
#else
	return 0;
#endif
}

int step_modules(struct boot *b, struct error *err)
{
	int r = modules_open(&b->modules, err);

	if (r < 0)
		return r;
	modules_preload(b->modules, late_modules);
	modules_watch(b->modules);
	modules_coldplug(b->modules);
	return 0;
}

int step_firmware(struct boot *b, struct error *err _unused_)
{
	struct error e;
	int state;

	if (access("/sys/firmware/efi", F_OK) < 0) {
		consoles_say(b->consoles,
			     "This machine started without UEFI: nobody has checked "
			     "the boot image before it ran.");
		return 0;
	}
	if (modules_load(b->modules, "efivarfs", &e) < 0)
		log_warning("%s", e.message);
	if (mount("efivarfs", EFIVARS, "efivarfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 &&
	    errno != EBUSY)
		log_warning("efivarfs can't be mounted: %m");
	state = secure_boot_state();
	if (state == 0)
		consoles_say(b->consoles,
			     "Secure Boot is off: nobody has checked the boot image "
			     "before it ran.");
	else if (state < 0)
		consoles_say(b->consoles,
			     "The firmware doesn't say whether Secure Boot is on.");
	return 0;
}

/* Only the signature of PCR 11 goes on: all else there could have been put in by who
 * holds the disk. It stays in place for the TPM plugin, and lies in /run for the system.
 */
static int hand_on(int dirfd)
{
	static const char *const names[] = {SIGNATURE, PUBLIC_KEY};

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		_cleanup_free_ char *data = NULL,
				    *path = xasprintf("/run/systemd/%s", names[i]);
		size_t size;
		int r = read_file_at(dirfd, names[i], EXTRA_FILE_MAX, &data, &size);

		if (r == -ENOENT)
			continue;
		(void)mkdir("/run/systemd", 0755);
		if (r == 0)
			r = write_file_at(AT_FDCWD, path, data, size, 0644);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_others(int dirfd)
{
	_cleanup_closedir_ DIR *d = fdopendir(dup(dirfd));
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = readdir(d)))
		if (!streq(e->d_name, SIGNATURE) && !streq(e->d_name, PUBLIC_KEY) &&
		    !streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = remove_tree_at(dirfd, e->d_name);
	return d ? r : -errno;
}

int step_extra(struct boot *b _unused_, struct error *err)
{
	_cleanup_close_ int fd = open(EXTRA_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return 0;
	r = hand_on(fd);
#ifndef WITHOUT_CHECK_EXTRA
	if (r == 0)
		r = remove_others(fd);
#endif
	return r < 0 ? fail(err, r, "%s can't be cleared: %s", EXTRA_DIR, strerror(-r))
		     : 0;
}
