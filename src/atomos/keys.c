/* SPDX-License-Identifier: MIT */
/* A vendor's keys: made once into a directory of their own. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/signature.h"
#include "atomos/keys.h"

#define KEY_BITS 2048
#define SEED_SIZE 32

static inline void pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}
static inline void x509_freep(X509 **p)
{
	X509_free(*p);
}
static inline void bio_freep(BIO **p)
{
	BIO_free(*p);
}
#define _cleanup_pkey_ _cleanup_(pkey_freep)
#define _cleanup_x509_ _cleanup_(x509_freep)
#define _cleanup_bio_ _cleanup_(bio_freep)

static int save(int dir, const char *file, const void *data, size_t size,
		struct error *err)
{
	int r = write_file_at(dir, file, data, size, 0600);

	if (r < 0)
		return fail(err, r, "Can't write %s: %s", file, strerror(-r));
	return 0;
}

/* Writes what OpenSSL has put into a memory BIO, and wipes it. */
static int save_bio(int dir, const char *file, BIO *bio, struct error *err)
{
	char *data;
	long size = BIO_get_mem_data(bio, &data);
	int r = save(dir, file, data, (size_t)size, err);

	wipe(data, (size_t)size);
	return r;
}

static int create_rsa(int dir, const char *file, EVP_PKEY **ret, struct error *err)
{
	_cleanup_pkey_ EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
	int r;

	if (!key || !bio ||
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return fail(err, -EIO, "libcrypto can't make the RSA key %s", file);
	r = save_bio(dir, file, bio, err);
	if (r == 0)
		*ret = TAKE_PTR(key);
	return r;
}

static X509 *self_signed(EVP_PKEY *key, const char *common_name)
{
	_cleanup_x509_ X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
	uint64_t serial;

	if (!cert || getrandom(&serial, sizeof(serial), 0) != sizeof(serial))
		return NULL;
	if (X509_set_version(cert, X509_VERSION_3) &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), KEYS_CERTIFICATE_DAYS, 0, NULL) &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
				       (const unsigned char *)common_name, -1, -1, 0) &&
	    X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return TAKE_PTR(cert);
	return NULL;
}

/* ROLE.key and ROLE.crt for Secure Boot. */
static int create_certificate(int dir, const char *role, const char *vendor,
			      struct error *err)
{
	_cleanup_free_ char *key_file = xasprintf("%s.key", role);
	_cleanup_free_ char *cert_file = xasprintf("%s.crt", role);
	_cleanup_free_ char *common_name = xasprintf("AtomOS %s %s", vendor, role);
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	_cleanup_x509_ X509 *cert = NULL;
	int r = create_rsa(dir, key_file, &key, err);

	if (r < 0)
		return r;
	cert = self_signed(key, common_name);
	if (!bio || !cert || PEM_write_bio_X509(bio, cert) != 1)
		return fail(err, -EIO, "libcrypto can't make the certificate %s",
			    cert_file);
	return save_bio(dir, cert_file, bio, err);
}

/* NAME.key and NAME.pub: sign the policy of PCR 11. */
static int create_pcr(int dir, const char *name, struct error *err)
{
	_cleanup_free_ char *secret = xasprintf("%s.key", name),
			    *public = xasprintf("%s.pub", name);
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
	_cleanup_pkey_ EVP_PKEY *key = NULL;
	int r = create_rsa(dir, secret, &key, err);

	if (r < 0)
		return r;
	if (!bio || PEM_write_bio_PUBKEY(bio, key) != 1)
		return fail(err, -EIO, "libcrypto can't write %s", public);
	return save_bio(dir, public, bio, err);
}

/* As Nix does it: src/libutil/signature/local-keys.cc. */
static int create_nix(int dir, const char *name, struct error *err)
{
	_cleanup_pkey_ EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_secret_ struct secret *bytes = secret_new();
	uint8_t *seed = (uint8_t *)bytes->data, *public = seed + SEED_SIZE;
	size_t seed_size = SEED_SIZE, public_size = SEED_SIZE;
	_cleanup_secret_ struct secret *both = NULL, *half = NULL;
	int r;

	if (!key || EVP_PKEY_get_raw_private_key(key, seed, &seed_size) != 1 ||
	    EVP_PKEY_get_raw_public_key(key, public, &public_size) != 1)
		return fail(err, -EIO, "libcrypto can't make an Ed25519 key");
	both = key_text(name, seed, 2UL * SEED_SIZE);
	half = key_text(name, public, SEED_SIZE);
	r = save(dir, "nix-secret-key", both->data, both->size, err);
	return r == 0 ? save(dir, "nix-public-key", half->data, half->size, err) : r;
}

/* Who owns the Secure Boot variables: a random UUID. */
static int create_guid(int dir, struct error *err)
{
	uint8_t b[16];
	char text[40];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return fail(err, -EIO, "The kernel gives no random numbers");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(text, sizeof(text),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
		 b[12], b[13], b[14], b[15]);
	return save(dir, "owner-guid", text, strlen(text), err);
}

static int create_all(int dir, const char *name, struct error *err)
{
	static const char *const roles[] = {"PK", "KEK", "db"};
	int r = create_nix(dir, name, err);

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(roles); i++)
		r = create_certificate(dir, roles[i], name, err);
	if (r == 0)
		r = create_pcr(dir, "pcr", err);
	if (r == 0)
		r = create_guid(dir, err);
	/* Should the directory lie in a repository, nothing of it gets there by accident.
	 */
	if (r == 0)
		r = save(dir, ".gitignore", "*\n", 2, err);
	return r;
}

/* The name is the part before ':' in every signature; a second vendor's must differ. */
static int choose_name(const char *given, char **ret, struct error *err)
{
	uint8_t random[4];
	char digits[2 * sizeof(random) + 1];

	if (given &&
	    (!*given || strlen(given) > 64 ||
	     given[strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.-_")]))
		return fail(err, -EINVAL,
			    "'%s' can't be a key's name: letters, digits and . - _ only, "
			    "at most 64",
			    given);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return fail(err, -EIO, "The kernel gives no random numbers");
	hex_encode(random, sizeof(random), digits);
	*ret = given ? xstrdup(given) : xasprintf("vendor-%s", digits);
	return 0;
}

static int refuse_existing(const char *directory, struct error *err)
{
	DIR *d = opendir(directory);
	struct dirent *e;
	bool empty = true;

	if (!d && errno == ENOENT)
		return 0;
	if (!d)
		return fail(err, -errno, "%s: %m", directory);
	while (empty && (e = readdir(d)))
		empty = streq(e->d_name, ".") || streq(e->d_name, "..");
	closedir(d);
	if (!empty)
		return fail(err, -EEXIST,
			    "%s isn't empty: keys are never overwritten; name another "
			    "directory",
			    directory);
	return 0;
}

int keys_create(const char *directory, const char *name, struct error *err)
{
	_cleanup_free_ char *temporary = xasprintf("%s.XXXXXX", directory);
	_cleanup_free_ char *chosen = NULL;
	_cleanup_close_ int dir = -EBADF;
	int r = refuse_existing(directory, err);

	if (r == 0)
		r = choose_name(name, &chosen, err);
	if (r < 0)
		return r;
	r = make_parents_at(AT_FDCWD, directory);
	if (r < 0)
		return fail(err, r, "Can't make the directory of %s: %s", directory,
			    strerror(-r));
	if (!mkdtemp(temporary))
		return fail(err, -errno, "Can't make a directory beside %s: %m",
			    directory);
	dir = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir < 0 ? fail(err, -errno, "%s: %m", temporary)
		    : create_all(dir, chosen, err);
	if (r == 0 && rename(temporary, directory) < 0)
		r = fail(err, -errno, "Can't make %s: %m", directory);
	if (r < 0)
		remove_tree_at(AT_FDCWD, temporary);
	return r;
}

static bool is_there(int dir, const char *file)
{
	return faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The old pair stays until it has its new name: cut anywhere, none is lost, and called
 * once more it does what is left. The public halves go last: as long as pcr-new.pub is
 * there the exchange isn't finished. */
static int exchange_pcr(int dir, struct error *err)
{
	static const char *const kinds[] = {"key", "pub"};

	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		_cleanup_free_ char *now = xasprintf("pcr.%s", kinds[i]),
				    *old = xasprintf("pcr-old.%s", kinds[i]);

		if (!is_there(dir, old) && linkat(dir, now, dir, old, 0) < 0)
			return fail(err, -errno, "%s can't become %s: %m", now, old);
	}
	for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
		_cleanup_free_ char *now = xasprintf("pcr.%s", kinds[i]),
				    *new = xasprintf("pcr-new.%s", kinds[i]);

		if (is_there(dir, new) && renameat(dir, new, dir, now) < 0)
			return fail(err, -errno, "%s can't become %s: %m", new, now);
	}
	return 0;
}

int keys_renew(const char *directory, struct error *err)
{
	_cleanup_close_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir < 0 || faccessat(dir, "pcr.key", R_OK, 0) < 0)
		return fail(err, -errno,
			    "There is no pcr.key in %s: make vendor keys with 'atomos "
			    "keys new %s'",
			    directory, directory);
	/* One that was cut, with both halves of the new pair made. */
	if (is_there(dir, "pcr-new.pub"))
		return exchange_pcr(dir, err);
	if (is_there(dir, "pcr-old.key"))
		return fail(
			err, -EEXIST,
			"The key in %s is being renewed already: remove pcr-old.key "
			"and pcr-old.pub when every machine has started an image with "
			"both signatures",
			directory);
	r = create_pcr(dir, "pcr-new", err);
	return r < 0 ? r : exchange_pcr(dir, err);
}
