/* SPDX-License-Identifier: MIT */
/* The public parts of a vendor's keys, with their fingerprints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <systemd/sd-json.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "atomos/keys.h"

#define KEY_FILE_MAX (64U << 10)

static int missing(const char *directory, const char *file, int r, struct error *err)
{
	if (r == -ENOENT)
		return fail(err, r,
			    "There is no %s in %s: make vendor keys with 'atomos keys "
			    "new %s'",
			    file, directory, directory);
	return fail(err, r, "Can't read %s/%s: %s", directory, file, strerror(-r));
}

static int read_text(const char *directory, const char *file, char **ret,
		     struct error *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);
	size_t size;
	int r = read_file_at(AT_FDCWD, path, KEY_FILE_MAX, ret, &size);

	if (r < 0)
		return missing(directory, file, r, err);
	(*ret)[strcspn(*ret, "\n")] = 0;
	return 0;
}

int keys_nix_public(const char *directory, char **ret, struct error *err)
{
	return read_text(directory, "nix-public-key", ret, err);
}

static FILE *open_key(const char *directory, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, file);

	return fopen(path, "re");
}

static int describe_certificate(const char *directory, const char *role,
				sd_json_variant **ret, struct error *err)
{
	_cleanup_free_ char *file = xasprintf("%s.crt", role);
	_cleanup_fclose_ FILE *f = open_key(directory, file);
	char subject[256], hex[2 * EVP_MAX_MD_SIZE + 1], expires[32];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size;
	struct tm end;
	X509 *cert;
	int r;

	if (!f)
		return missing(directory, file, -errno, err);
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	if (!cert)
		return fail(err, -EBADMSG, "%s/%s is no certificate in PEM form",
			    directory, file);
	r = X509_digest(cert, EVP_sha256(), digest, &size) == 1 &&
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
				      subject, sizeof(subject)) >= 0 &&
	    ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) == 1;
	X509_free(cert);
	if (!r)
		return fail(err, -EBADMSG, "%s/%s lacks a name or a date", directory,
			    file);
	hex_encode(digest, size, hex);
	strftime(expires, sizeof(expires), "%Y-%m-%d", &end);
	return sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR("name", SD_JSON_BUILD_STRING(role)),
		SD_JSON_BUILD_PAIR("subject", SD_JSON_BUILD_STRING(subject)),
		SD_JSON_BUILD_PAIR("sha256", SD_JSON_BUILD_STRING(hex)),
		SD_JSON_BUILD_PAIR("expires", SD_JSON_BUILD_STRING(expires)));
}

/* The digest of the key in the form of PKCS #1, as systemd names PCR keys ("pkfp"). */
static int pcr_fingerprint(const char *directory, const char *file,
			   char hex[2 * EVP_MAX_MD_SIZE + 1], struct error *err)
{
	_cleanup_fclose_ FILE *f = open_key(directory, file);
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned size = 0;
	EVP_PKEY *key;
	int length;

	if (!f)
		return missing(directory, file, -errno, err);
	key = PEM_read_PUBKEY(f, NULL, NULL, NULL);
	length = key ? i2d_PublicKey(key, &der) : -1;
	EVP_PKEY_free(key);
	if (length <= 0 ||
	    EVP_Digest(der, (size_t)length, digest, &size, EVP_sha256(), NULL) != 1) {
		OPENSSL_free(der);
		return fail(err, -EBADMSG, "%s/%s is no public key in PEM form",
			    directory, file);
	}
	OPENSSL_free(der);
	hex_encode(digest, size, hex);
	return 0;
}

static int describe_certificates(const char *directory, sd_json_variant **list,
				 struct error *err)
{
	static const char *const roles[] = {"PK", "KEK", "db"};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(roles); i++) {
		sd_json_variant *cert = NULL;

		r = describe_certificate(directory, roles[i], &cert, err);
		if (r >= 0)
			r = sd_json_variant_append_array(list, cert);
		sd_json_variant_unref(cert);
	}
	return r < 0 ? r : 0;
}

/* {"sha256", "old"}; the latter during a renewal. */
static int describe_pcr(const char *directory, sd_json_variant **ret, struct error *err)
{
	_cleanup_free_ char *old_file = xasprintf("%s/pcr-old.pub", directory);
	char now[2 * EVP_MAX_MD_SIZE + 1], old[2 * EVP_MAX_MD_SIZE + 1] = "";
	bool renewing = access(old_file, F_OK) == 0;
	int r = pcr_fingerprint(directory, "pcr.pub", now, err);

	if (r == 0 && renewing)
		r = pcr_fingerprint(directory, "pcr-old.pub", old, err);
	if (r < 0)
		return r;
	r = sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR_STRING("sha256", now),
		SD_JSON_BUILD_PAIR_CONDITION(renewing, "old", SD_JSON_BUILD_STRING(old)));
	return r < 0 ? fail(err, r, "Can't describe the keys: %s", strerror(-r)) : 0;
}

int keys_describe(const char *directory, sd_json_variant **ret, struct error *err)
{
	_cleanup_(sd_json_variant_unrefp) sd_json_variant *certificates = NULL,
							  *pcr = NULL;
	_cleanup_free_ char *nix = NULL, *guid = NULL;
	int r = keys_nix_public(directory, &nix, err);

	if (r == 0)
		r = read_text(directory, "owner-guid", &guid, err);
	if (r == 0)
		r = describe_certificates(directory, &certificates, err);
	if (r == 0)
		r = describe_pcr(directory, &pcr, err);
	if (r < 0)
		return r;
	r = sd_json_buildo(
		ret, SD_JSON_BUILD_PAIR("directory", SD_JSON_BUILD_STRING(directory)),
		SD_JSON_BUILD_PAIR("nix", SD_JSON_BUILD_STRING(nix)),
		SD_JSON_BUILD_PAIR("certificates", SD_JSON_BUILD_VARIANT(certificates)),
		SD_JSON_BUILD_PAIR("pcr", SD_JSON_BUILD_VARIANT(pcr)),
		SD_JSON_BUILD_PAIR("ownerGuid", SD_JSON_BUILD_STRING(guid)));
	return r < 0 ? fail(err, r, "Can't describe the keys: %s", strerror(-r)) : 0;
}
