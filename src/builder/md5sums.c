/* SPDX-License-Identifier: MIT */
/* Sums for packages that bring none: dpkg makes them when it unpacks. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "builder/md5sums.h"

#define MD5_SIZE 16
#define BUFFER_SIZE (1U << 17)

static int feed(EVP_MD_CTX *c, int fd)
{
	_cleanup_free_ char *buffer = xmalloc(BUFFER_SIZE);
	ssize_t n;

	while ((n = read_full(fd, buffer, BUFFER_SIZE)) > 0)
		if (!EVP_DigestUpdate(c, buffer, (size_t)n))
			return -EIO;
	return (int)n;
}

/* Of an empty file when there is no payload. */
static int sum(int store_fd, const char *base, const char *payload, uint8_t *ret)
{
	_cleanup_free_ char *path = payload ? xasprintf("%s/%s", base, payload) : NULL;
	_cleanup_close_ int fd =
		path ? openat(store_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -EBADF;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int r = path && fd < 0 ? -errno : 0;

	if (r == 0 && (!c || !EVP_DigestInit_ex(c, EVP_md5(), NULL)))
		r = -EIO;
	if (r == 0 && path)
		r = feed(c, fd);
	if (r == 0 && !EVP_DigestFinal_ex(c, ret, NULL))
		r = -EIO;
	EVP_MD_CTX_free(c);
	return r;
}

static int add_line(FILE *f, int store_fd, const struct package *p,
		    const struct manifest_entry *e, struct error *err)
{
	uint8_t digest[MD5_SIZE];
	char hex[2 * MD5_SIZE + 1];
	int r;

	if (!S_ISREG(e->mode) || e->hardlink ||
	    (p->conffiles && strv_contains(p->conffiles, e->path)))
		return 0;
	r = sum(store_fd, p->base, e->payload, digest);
	if (r < 0)
		return fail(err, r, "%s of the package %s can't be read: %s", e->path,
			    p->name, strerror(-r));
	hex_encode(digest, sizeof(digest), hex);
	fprintf(f, "%s  %s\n", hex, e->path + 1);
	return 0;
}

int md5sums_text(int store_fd, const struct package *p, char **ret, struct error *err)
{
	char *data = NULL;
	size_t size;
	FILE *f = open_memstream(&data, &size);
	int r = 0;

	if (!f)
		abort();
	for (size_t i = 0; r == 0 && i < p->files.count; i++)
		r = add_line(f, store_fd, p, &p->files.entries[i], err);
	fclose(f);
	if (r < 0) {
		free(data);
		return r;
	}
	*ret = data;
	return 0;
}
