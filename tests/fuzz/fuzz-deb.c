/* SPDX-License-Identifier: MIT */
/* Fuzz target: .deb packages. What is accepted must have a manifest that is read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "builder/deb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("deb", MFD_CLOEXEC);
	_cleanup_manifest_ struct manifest m = {0}, again = {0};
	_cleanup_free_ char *text = NULL;
	size_t length;

	if (fd < 0 || write_full(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (deb_unpack(fd, -1, &m, NULL) < 0)
		return 0;
	text = manifest_format(&m, &length);
	if (manifest_parse(text, length, MANIFEST_PACKAGE, &again, NULL) < 0 ||
	    again.count != m.count)
		abort();
	return 0;
}
