/* SPDX-License-Identifier: MIT */
/* Why the last start failed, in a variable of the firmware. */
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "init/failure.h"

/* Kept without power, for the boot and for systems (UEFI: GetVariable). */
#define NON_VOLATILE 0x1
#define BOOTSERVICE_ACCESS 0x2
#define RUNTIME_ACCESS 0x4

static void clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

size_t failure_encode(const char *step, const char *reason,
		      uint8_t ret[static FAILURE_FILE_MAX])
{
	static const uint8_t attributes[4] = {NON_VOLATILE | BOOTSERVICE_ACCESS |
					      RUNTIME_ACCESS};
	char text[FAILURE_MAX + 1];
	size_t n;

	snprintf(text, sizeof(text), "%s: %s", step, reason);
	clean(text);
	n = strlen(text);
	memcpy(ret, attributes, sizeof(attributes));
	memcpy(ret + sizeof(attributes), text, n);
	return sizeof(attributes) + n;
}

int failure_decode(const uint8_t *data, size_t size, char **ret)
{
	char *text;

	if (size <= 4)
		return -EBADMSG;
	text = xstrndup((const char *)data + 4, MIN(size - 4, (size_t)FAILURE_MAX));
	clean(text);
	if (!text[0]) {
		free(text);
		return -EBADMSG;
	}
	*ret = text;
	return 0;
}

/* The kernel guards variables that it doesn't know. */
static int drop(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int flags;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL)) {
		flags &= ~FS_IMMUTABLE_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	return unlink(path) < 0 ? -errno : 0;
}

/* At once: each write is a variable of its own. */
static int put(const char *path, const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, data, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int failure_keep(const char *variables, const char *step, const char *reason,
		 struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/" FAILURE_VARIABLE, variables),
			    *there = NULL;
	uint8_t data[FAILURE_FILE_MAX];
	size_t size = failure_encode(step, reason, data), there_size;
	int r = read_file_at(AT_FDCWD, path, FAILURE_FILE_MAX, &there, &there_size);

	/* The firmware's memory wears out. */
	if (r == 0 && there_size == size && memcmp(there, data, size) == 0)
		return 0;
	r = drop(path);
	if (r == 0)
		r = put(path, data, size);
	return r < 0 ? fail(err, r, "The firmware doesn't keep why it failed: %s",
			    strerror(-r))
		     : 0;
}

char *failure_take(const char *variables)
{
	_cleanup_free_ char *path = xasprintf("%s/" FAILURE_VARIABLE, variables),
			    *data = NULL;
	char *text = NULL;
	size_t size;
	int r = read_file_at(AT_FDCWD, path, FAILURE_FILE_MAX, &data, &size);

	if (r == -ENOENT)
		return NULL;
	if (r < 0 || failure_decode((const uint8_t *)data, size, &text) < 0)
		log_warning("what the firmware keeps of a failed start can't be read");
	r = drop(path);
	if (r < 0)
		log_warning("the firmware goes on keeping a failed start: %s",
			    strerror(-r));
	return text;
}
