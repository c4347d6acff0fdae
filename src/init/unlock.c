/* SPDX-License-Identifier: MIT */
/* Opens the encrypted volume. */
#include <errno.h>
#include <libcryptsetup.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "init/keymap-token.h"
#include "init/luks-shape.h"
#include "init/unlock.h"

#define HEADER_FILE "/run/atomos/header"

struct volume {
	struct crypt_device *device;
};

static void to_log(int level, const char *message, void *context _unused_)
{
	if (level == CRYPT_LOG_ERROR)
		log_warning("cryptsetup: %.*s", (int)strcspn(message, "\n"), message);
}

void volume_free(struct volume *v)
{
	if (!v)
		return;
	crypt_free(v->device);
	(void)unlink(HEADER_FILE);
	free(v);
}

static int read_header(const char *path, char *data, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(err, -errno, "The disk %s can't be opened: %m", path);
	n = read_full(fd, data, LUKS_HEADER_COPY);
	if (n < 0)
		return fail(err, (int)n, "The disk %s can't be read: %s", path,
			    strerror((int)-n));
	if (n != LUKS_HEADER_COPY)
		return fail(err, -EIO, "The disk %s is too small to hold AtomOS", path);
	return 0;
}

/* As large as on the disk, so that libcryptsetup takes it for a whole one. */
static int copy_header(const char *path, struct error *err)
{
	_cleanup_free_ char *data = xmalloc(LUKS_HEADER_COPY);
	int r = read_header(path, data, err);

	if (r < 0)
		return r;
	(void)mkdir("/run/atomos", 0755);
	r = write_file_at(AT_FDCWD, HEADER_FILE, data, LUKS_HEADER_COPY, 0600);
	if (r == 0 && truncate(HEADER_FILE, LUKS_DATA_OFFSET) < 0)
		r = -errno;
	return r < 0 ? fail(err, r,
			    "The disk's encryption header can't be kept in memory: %s",
			    strerror(-r))
		     : 0;
}

static int load(struct volume *v, const char *path, struct error *err)
{
	const char *json;
	int r = crypt_init_data_device(&v->device, HEADER_FILE, path);

	if (r < 0)
		return fail(err, r, "The disk %s can't be used: %s", path, strerror(-r));
	crypt_set_log_callback(v->device, to_log, NULL);
	r = crypt_load(v->device, CRYPT_LUKS2, NULL);
	if (r < 0)
		return fail(err, -EPERM,
			    "The disk %s has no valid encryption header: it was changed "
			    "or is "
			    "damaged; write the medium anew or use another one",
			    path);
	/* What libcryptsetup took from the copy, not what we might read from it. */
	r = crypt_dump_json(v->device, &json, 0);
	if (r < 0)
		return fail(err, r, "The disk's encryption header can't be read: %s",
			    strerror(-r));
	return luks_shape_check(json, err);
}

int volume_open_header(const char *node, struct volume **ret, struct error *err)
{
	_cleanup_(volume_freep) struct volume *v = xcalloc(1, sizeof(*v));
	_cleanup_free_ char *path = xasprintf("/dev/%s", node);
	int r;

	crypt_set_log_callback(NULL, to_log, NULL);
	r = copy_header(path, err);
	if (r == 0)
		r = load(v, path, err);
	if (r == 0)
		*ret = TAKE_PTR(v);
	return r;
}

int volume_unlock(struct volume *v, const struct secret *password, bool read_only,
		  struct error *err)
{
	int r = crypt_activate_by_passphrase(v->device, VOLUME_NAME, CRYPT_ANY_SLOT,
					     password->data, password->size,
					     read_only ? CRYPT_ACTIVATE_READONLY : 0);

	if (r == -EPERM || r >= 0)
		return r < 0 ? r : 0;
	return fail(err, r,
		    "The disk can't be opened (%s): the kernel's log, \"show messages\", "
		    "says more",
		    strerror(-r));
}

char *volume_keymap(struct volume *v)
{
	return keymap_token_find(v->device);
}

int volume_close(struct error *err)
{
	int r;

	if (access(VOLUME_DEVICE, F_OK) < 0)
		return 0;
	r = crypt_deactivate(NULL, VOLUME_NAME);
	return r < 0 && r != -ENODEV
		       ? fail(err, r, "The disk can't be closed: %s", strerror(-r))
		       : 0;
}
