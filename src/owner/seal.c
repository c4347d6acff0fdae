/* SPDX-License-Identifier: MIT */
/* Seals a secret with a password. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "owner/seal.h"

#define KEY_SIZE 32
#define SCRYPT_R 8
#define SCRYPT_P 1
#define MEMORY_MAX (128UL << 20)

static void context_freep(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

static bool derive(const struct secret *password, const uint8_t *salt, uint8_t work,
		   struct secret *key)
{
	key->size = KEY_SIZE;
	return EVP_PBE_scrypt(password->data, password->size, salt, SEAL_SALT,
			      1UL << work, SCRYPT_R, SCRYPT_P, MEMORY_MAX,
			      (uint8_t *)key->data, KEY_SIZE) == 1;
}

/* The header is authenticated too. */
static bool encrypt(uint8_t *out, const struct secret *plain, const struct secret *key)
{
	_cleanup_(context_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	return c &&
	       EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, (const uint8_t *)key->data,
				  out + SEAL_HEADER - SEAL_NONCE) == 1 &&
	       EVP_EncryptUpdate(c, NULL, &n, out, SEAL_HEADER) == 1 &&
	       EVP_EncryptUpdate(c, out + SEAL_HEADER, &n, (const uint8_t *)plain->data,
				 (int)plain->size) == 1 &&
	       EVP_EncryptFinal_ex(c, out + SEAL_HEADER + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, SEAL_TAG,
				   out + SEAL_HEADER + plain->size) == 1;
}

int seal(const struct secret *plain, const struct secret *password, uint8_t work,
	 uint8_t **ret, size_t *ret_size, struct error *err)
{
	_cleanup_secret_ struct secret *key = secret_new();
	size_t size = SEAL_HEADER + plain->size + SEAL_TAG;
	_cleanup_free_ uint8_t *out = xmalloc(size);

	memcpy(out, SEAL_MAGIC, SEAL_MAGIC_SIZE);
	out[SEAL_MAGIC_SIZE] = work;
	if (getrandom(out + SEAL_MAGIC_SIZE + 1, SEAL_SALT + SEAL_NONCE, 0) !=
	    SEAL_SALT + SEAL_NONCE)
		return fail(err, -EIO, "The kernel gives no random numbers");
	if (!derive(password, out + SEAL_MAGIC_SIZE + 1, work, key) ||
	    !encrypt(out, plain, key))
		return fail(err, -EIO, "The key of this machine can't be sealed");
	*ret = TAKE_PTR(out);
	*ret_size = size;
	return 0;
}

static bool decrypt(const uint8_t *data, size_t size, const struct secret *key,
		    struct secret *ret)
{
	_cleanup_(context_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t length = size - SEAL_HEADER - SEAL_TAG;
	int n;

	ret->size = length;
	return c &&
	       EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, (const uint8_t *)key->data,
				  data + SEAL_HEADER - SEAL_NONCE) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, data, SEAL_HEADER) == 1 &&
	       EVP_DecryptUpdate(c, (uint8_t *)ret->data, &n, data + SEAL_HEADER,
				 (int)length) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, SEAL_TAG,
				   (void *)(data + SEAL_HEADER + length)) == 1 &&
	       EVP_DecryptFinal_ex(c, (uint8_t *)ret->data + n, &n) == 1;
}

int seal_decode(const uint8_t *data, size_t size, const struct secret *password,
		struct secret *ret)
{
	_cleanup_secret_ struct secret *key = secret_new();
	uint8_t work;

	if (size <= SEAL_HEADER + SEAL_TAG ||
	    size - SEAL_HEADER - SEAL_TAG > SECRET_MAX ||
	    memcmp(data, SEAL_MAGIC, SEAL_MAGIC_SIZE) != 0)
		return -EBADMSG;
	work = data[SEAL_MAGIC_SIZE];
	if (work < SEAL_WORK_MIN || work > SEAL_WORK)
		return -EBADMSG;
	if (!derive(password, data + SEAL_MAGIC_SIZE + 1, work, key) ||
	    !decrypt(data, size, key, ret)) {
		wipe(ret->data, ret->size);
		ret->size = 0;
		return -EKEYREJECTED;
	}
	ret->data[ret->size] = 0;
	return 0;
}
