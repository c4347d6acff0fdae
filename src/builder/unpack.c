/* SPDX-License-Identifier: MIT */
/* atomos-build unpack: one .deb into $out/{data,control,manifest}. */
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "builder/deb.h"
#include "builder/env.h"
#include "builder/verb.h"

static int unpack(const char *deb, int out, struct error *err)
{
	_cleanup_close_ int fd = open(deb, O_RDONLY | O_CLOEXEC);
	_cleanup_manifest_ struct manifest m = {0};
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (fd < 0)
		return fail(err, -errno, "It can't be opened: %s", strerror(errno));
	r = deb_unpack(fd, out, &m, err);
	if (r < 0)
		return r;
	text = manifest_format(&m, &size);
	r = write_file_at(out, "manifest", text, size, 0644);
	return r < 0 ? fail(err, r, "The manifest can't be written: %s", strerror(-r))
		     : 0;
}

int verb_unpack(struct error *err)
{
	_cleanup_close_ int out = -EBADF;
	const char *deb;
	int r = env_string("deb", &deb, err);

	if (r == 0)
		r = env_out(&out, err);
	if (r < 0)
		return r;
	r = unpack(deb, out, err);
	return r < 0 ? wrap(err, "%s can't be unpacked", deb) : 0;
}
