/* SPDX-License-Identifier: MIT */
/* The one LUKS2 shape we make: headers are written and opened in plain files, without
 * device-mapper. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/secret.h"

#define LUKS_DATA_OFFSET (16U << 20)
/* A medium's password is printed on its label: iterations buy nothing, and BIOS boot pays
 * for each (1,000 is the least that libcryptsetup allows). */
#define LUKS_MEDIUM_ITERATIONS 1000

struct luks_options {
	const char *path;
	const char *uuid;  /* NULL: a random one */
	const char *label; /* NULL: "atomos" */
	const struct secret *password;
	/* For the password prompt (core/token.h), in a token; NULL: none. */
	const char *keymap;
};

/* Makes `path` a file of at least LUKS_DATA_OFFSET bytes whose first LUKS_DATA_OFFSET are
 * a LUKS2 header: aes-xts-plain64, 512-bit random key, 4096-byte sectors, one pbkdf2 slot
 * for the password. The volume key is the caller's. */
int luks_format(const struct luks_options *o, struct secret **ret_key, struct error *err);

/* The same header over what is in `path` already, a device or a large enough file.
 * ret_key may be NULL. */
int luks_format_device(const struct luks_options *o, struct secret **ret_key,
		       struct error *err);

/* Copies the header of the volume that starts at `offset` of `fd` once, matches it with
 * the shape above (-EMEDIUMTYPE when it is another) and opens it with the password
 * (-EKEYREJECTED when that is wrong). The volume key is the caller's. */
int luks_open(int fd, uint64_t offset, const struct secret *password,
	      struct secret **ret_key, struct error *err);
