/* SPDX-License-Identifier: MIT */
/* The key with which a machine signs its own systems. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/hash.h"
#include "init/owner-key.h"

#define SEED_SIZE 32
#define ID_SIZE 4

static void pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void name_key(const uint8_t hash[static 32], char ret[static 16 + 2 * ID_SIZE])
{
	strcpy(ret, "owner-");
	hex_encode(hash, ID_SIZE, ret + strlen(ret));
}

/* A file with a line. */
static int keep(int directory, const char *file, struct secret *line, mode_t mode)
{
	line->data[line->size++] = '\n';
	return write_file_at(directory, file, line->data, line->size, mode);
}

int owner_key_make(const char *directory, uint8_t hash[static 32], struct error *err)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_secret_ struct secret *both = secret_new(), *private = NULL,
				       *line = NULL;
	uint8_t *bytes = (uint8_t *)both->data;
	size_t seed = SEED_SIZE, public = PUBLIC_KEY_SIZE;
	_cleanup_close_ int fd = -EBADF;
	char name[16 + 2 * ID_SIZE];
	int r;

	if (!key || !EVP_PKEY_get_raw_private_key(key, bytes, &seed) ||
	    !EVP_PKEY_get_raw_public_key(key, bytes + SEED_SIZE, &public))
		return fail(err, -EIO, "The machine's own key can't be made");
	sha256_buffer(bytes + SEED_SIZE, public, hash);
	name_key(hash, name);
	private = key_text(name, bytes, SEED_SIZE + PUBLIC_KEY_SIZE);
	line = key_text(name, bytes + SEED_SIZE, PUBLIC_KEY_SIZE);
	(void)mkdir(directory, 0700);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : keep(fd, "secret-key", private, 0600);
	if (r == 0)
		r = keep(fd, "public-key", line, 0644);
	return r < 0 ? fail(err, r, "The machine's own key can't be kept: %s",
			    strerror(-r))
		     : 0;
}
