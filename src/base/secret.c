/* SPDX-License-Identifier: MIT */
/* Passwords and keys: locked in memory, wiped when done. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "secret.h"

void wipe(void *p, size_t size)
{
	explicit_bzero(p, size);
}

struct secret *secret_new(void)
{
	struct secret *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED) {
		fputs("Out of memory.\n", stderr);
		abort();
	}
	mlock(s, sizeof(*s));
	madvise(s, sizeof(*s), MADV_DONTDUMP);
	madvise(s, sizeof(*s), MADV_WIPEONFORK);
	return s;
}

struct secret *secret_of(const char *text)
{
	struct secret *s = secret_new();

	s->size = strlen(text);
	/* One that was cut would be another one. */
	assert(s->size <= SECRET_MAX);
	memcpy(s->data, text, s->size);
	return s;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

void secret_free(struct secret *s)
{
	if (!s)
		return;
	wipe(s, sizeof(*s));
	munmap(s, sizeof(*s));
}

static int read_line(int fd, struct secret *ret)
{
	ret->size = 0;
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 && ret->size == 0)
			return -EPIPE;
		if (n == 0 || c == '\n' || c == '\r')
			break;
		if (ret->size < SECRET_MAX)
			ret->data[ret->size++] = c;
	}
	ret->data[ret->size] = 0;
	return 0;
}

int secret_read_line(int fd, bool hidden, struct secret *ret)
{
	struct termios before, quiet;
	bool restore = hidden && tcgetattr(fd, &before) == 0;
	int r;

	if (restore) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	r = read_line(fd, ret);
	if (restore) {
		tcsetattr(fd, TCSANOW, &before);
		(void)!write(fd, "\n", 1);
	}
	return r;
}

int secret_file(const struct secret *s)
{
	/* Not closed on exec: it is for programs, too. */
	int fd = memfd_create("secret", 0), r;

	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0600) < 0 ? -errno : write_full(fd, s->data, s->size);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* After `n` bytes were read, or a negative errno. */
static int filled(struct secret *ret, ssize_t n)
{
	if (n < 0)
		return (int)n;
	ret->size = (size_t)n;
	ret->data[n] = 0;
	return 0;
}

int secret_read_file(int fd, struct secret *ret)
{
	ssize_t n = pread(fd, ret->data, SECRET_MAX, 0);

	return filled(ret, n < 0 ? -errno : n);
}

int secret_load(const char *path, int flags, struct secret *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	ssize_t n = fd < 0 ? -errno : read_full(fd, ret->data, SECRET_MAX + 1);

	if (n > SECRET_MAX) {
		wipe(ret->data, (size_t)n);
		n = -EFBIG;
	}
	return filled(ret, n);
}
