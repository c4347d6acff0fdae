/* SPDX-License-Identifier: MIT */
/* Checks the system in an image file with the engine that checks it at boot. */
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "core/engine.h"

struct image_verify {
	const char *path;	       /* image file or device */
	const struct secret *password; /* opens its root */
	const struct trusted_keys *keys;
	void (*progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
	void *progress_context;
};

/* Decrypts the root into a temporary file ($TMPDIR, /var/tmp), mounts that and
 * verifies the current system with all that it needs. *ret_system is its store path
 * (freed by the caller), set as soon as it is known. Needs root. -EKEYREJECTED: wrong
 * password; -EMEDIUMTYPE: not an image of AtomOS. */
int image_verify(const struct image_verify *v, struct engine_result *ret,
		 char **ret_system, struct error *err);

/* True when the file starts like a disk with a root of AtomOS on it. */
bool image_recognise(int fd);
