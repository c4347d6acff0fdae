/* SPDX-License-Identifier: MIT */
/* Boot image and boot loader, signed with the vendor's keys. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct uki_options {
	const char
		*boot; /* store path with vmlinuz, initrd, cmdline, os-release, uname */
	const char *keys; /* the vendor's key directory */
};

/* Whether the vendor's PCR key is being renewed: machines whose TPM knows the old one
 * start such an image, too. -EBUSY when the exchange was cut: key and public key may not
 * belong together then. */
int uki_renewing(const char *keys, bool *ret, struct error *err);

/* Builds the unified kernel image into `path`: the boot path's parts, PCR 11 signatures
 * for the phase enter-initrd only, signed for Secure Boot. During a
 * renewal they are by both keys, and the image's own is the new one. The private keys
 * are read by ukify from the directory; none is put on a command line. */
int uki_build(const struct uki_options *o, const char *path, struct error *err);

/* Signs this machine's systemd-boot into `path`. */
int loader_sign(const char *keys, const char *path, struct error *err);
