/* SPDX-License-Identifier: MIT */
/* A vendor's keys: modes, forms, never overwritten. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "core/signature.h"
#include "atomos/json.h"
#include "atomos/keys.h"
#include "fixture.h"

#define SEED_SIZE 32

static const char *const files[] = {
	"nix-secret-key", "nix-public-key", "PK.key",  "PK.crt",  "KEK.key",   "KEK.crt",
	"db.key",	  "db.crt",	    "pcr.key", "pcr.pub", "owner-guid"};

struct fixture {
	char *top, *keys;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;

	f->top = xstrdup("/tmp/atomos-test-keys.XXXXXX");
	assert_non_null(mkdtemp(f->top));
	f->keys = xasprintf("%s/sub/keys", f->top);
	if (keys_create(f->keys, "test-1", &err) < 0)
		fail_msg("%s", err.message);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	remove_tree_at(AT_FDCWD, f->top);
	free(f->top);
	free(f->keys);
	free(f);
	return 0;
}

static char *read_key(const struct fixture *f, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", f->keys, file);
	char *text;
	size_t size;

	assert_int_equal(read_file_at(AT_FDCWD, path, 65536, &text, &size), 0);
	return text;
}

static void test_modes(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->keys, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", f->keys, files[i]);

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void test_never_overwritten(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *before = read_key(f, "nix-secret-key"), *after = NULL;
	struct error err;

	assert_int_equal(keys_create(f->keys, NULL, &err), -EEXIST);
	after = read_key(f, "nix-secret-key");
	assert_string_equal(before, after);
	/* Nor anything else that is there. */
	assert_int_equal(keys_create(f->top, NULL, &err), -EEXIST);
}

static void test_bad_names(void **state)
{
	static const char *const names[] = {"", "a:b", "a b", "a/b", "ä"};
	struct error err;

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		assert_int_equal(keys_create("/tmp/atomos-test-none", names[i], &err),
				 -EINVAL);
	assert_int_equal(access("/tmp/atomos-test-none", F_OK), -1);
}

/* What Nix signs with the secret key, the engine accepts with the public one. */
static void test_nix_pair(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *secret = read_key(f, "nix-secret-key");
	_cleanup_free_ char *public = read_key(f, "nix-public-key"), *line = NULL;
	_cleanup_trusted_keys_ struct trusted_keys trusted = {0};
	unsigned char raw[96], signature[64], text[96];
	size_t size = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *key;
	struct error err;

	assert_non_null(startswith(secret, "test-1:"));
	assert_int_equal(
		EVP_DecodeBlock(raw, (unsigned char *)strchr(secret, ':') + 1, 88), 66);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, SEED_SIZE);
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
	assert_int_equal(
		EVP_DigestSign(context, signature, &size, (const unsigned char *)"x", 1),
		1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	EVP_EncodeBlock(text, signature, sizeof(signature));
	line = xasprintf("test-1:%s", text);
	assert_int_equal(trusted_keys_parse(public, strlen(public), &trusted, &err), 0);
	assert_non_null(signature_check(&trusted, line, "x", 1));
	assert_null(signature_check(&trusted, line, "y", 1));
}

/* Each certificate is of the key beside it. */
static void test_certificates(void **state)
{
	static const char *const roles[] = {"PK", "KEK", "db"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ELEMENTSOF(roles); i++) {
		_cleanup_free_ char *cert_path =
			xasprintf("%s/%s.crt", f->keys, roles[i]);
		_cleanup_free_ char *key_path = xasprintf("%s/%s.key", f->keys, roles[i]);
		_cleanup_fclose_ FILE *cert_file = fopen(cert_path, "re");
		_cleanup_fclose_ FILE *key_file = fopen(key_path, "re");
		X509 *cert = PEM_read_X509(cert_file, NULL, NULL, NULL);
		EVP_PKEY *key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL);

		assert_int_equal(X509_check_private_key(cert, key), 1);
		assert_int_equal(X509_verify(cert, key), 1);
		assert_int_equal(EVP_PKEY_get_bits(key), 2048);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

static void test_describe(void **state)
{
	struct fixture *f = *state;
	_cleanup_variant_ sd_json_variant *v = NULL;
	_cleanup_free_ char *secret = read_key(f, "nix-secret-key"), *text = NULL;
	struct error err;

	assert_int_equal(keys_describe(f->keys, &v, &err), 0);
	assert_non_null(startswith(variant_text(v, "nix"), "test-1:"));
	assert_int_equal(sd_json_variant_elements(variant_get(v, "certificates")), 3);
	assert_int_equal(strlen(variant_text(variant_get(v, "pcr"), "sha256")), 64);
	assert_int_equal(strlen(variant_text(v, "ownerGuid")), 36);
	assert_true(sd_json_variant_format(v, 0, &text) >= 0);
	assert_null(strstr(text, secret + strlen("test-1:")));
	assert_null(strstr(text, "PRIVATE"));
}

/* The old pair stays under its new name; one renewal at a time. */
static void test_renew(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *secret = read_key(f, "pcr.key"),
			    *public = read_key(f, "pcr.pub"), *old = NULL,
			    *old_public = NULL, *new = NULL, *other = NULL;
	_cleanup_variant_ sd_json_variant *before = NULL, *after = NULL;
	struct stat st;
	struct error err;

	assert_int_equal(keys_describe(f->keys, &before, &err), 0);
	assert_int_equal(keys_renew(f->top, &err), -ENOENT);
	if (keys_renew(f->keys, &err) < 0)
		fail_msg("%s", err.message);
	old = read_key(f, "pcr-old.key");
	old_public = read_key(f, "pcr-old.pub");
	assert_string_equal(old, secret);
	assert_string_equal(old_public, public);
	new = read_key(f, "pcr.key");
	other = read_key(f, "pcr.pub");
	assert_string_not_equal(new, secret);
	assert_string_not_equal(other, public);
	assert_int_equal(keys_renew(f->keys, &err), -EEXIST);
	assert_int_equal(keys_describe(f->keys, &after, &err), 0);
	assert_string_equal(variant_text(variant_get(after, "pcr"), "old"),
			    variant_text(variant_get(before, "pcr"), "sha256"));
	assert_string_not_equal(variant_text(variant_get(after, "pcr"), "sha256"),
				variant_text(variant_get(before, "pcr"), "sha256"));
	free(old);
	old = xasprintf("%s/pcr.key", f->keys);
	assert_int_equal(stat(old, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(old);
	old = xasprintf("%s/pcr-new.key", f->keys);
	assert_int_equal(access(old, F_OK), -1);
}

/* By rename or link. */
static void give_name(const struct fixture *f, int (*how)(const char *, const char *),
		      const char *from, const char *to)
{
	_cleanup_free_ char *a = xasprintf("%s/%s", f->keys, from),
			    *b = xasprintf("%s/%s", f->keys, to);

	assert_int_equal(how(a, b), 0);
}

static void drop(const struct fixture *f, const char *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", f->keys, file);

	assert_int_equal(unlink(path), 0);
}

static void assert_holds(const struct fixture *f, const char *file, const char *text)
{
	_cleanup_free_ char *now = read_key(f, file);

	assert_string_equal(now, text);
}

/* Cut at each place, the last one first, a renewal is finished by the next one. */
static void test_renew_cut(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *new = read_key(f, "pcr.key"),
			    *new_pub = read_key(f, "pcr.pub"),
			    *old = read_key(f, "pcr-old.key"),
			    *old_pub = read_key(f, "pcr-old.pub");
	struct error err;

	for (int missing = 1; missing <= 4; missing++) {
		give_name(f, rename, "pcr.pub", "pcr-new.pub");
		give_name(f, link, "pcr-old.pub", "pcr.pub");
		if (missing >= 2) {
			give_name(f, rename, "pcr.key", "pcr-new.key");
			give_name(f, link, "pcr-old.key", "pcr.key");
		}
		if (missing >= 3)
			drop(f, "pcr-old.pub");
		if (missing >= 4)
			drop(f, "pcr-old.key");
		if (keys_renew(f->keys, &err) < 0)
			fail_msg("%s", err.message);
		assert_holds(f, "pcr.key", new);
		assert_holds(f, "pcr.pub", new_pub);
		assert_holds(f, "pcr-old.key", old);
		assert_holds(f, "pcr-old.pub", old_pub);
		assert_int_equal(keys_renew(f->keys, &err), -EEXIST);
	}
}

static void test_missing(void **state)
{
	struct fixture *f = *state;
	_cleanup_variant_ sd_json_variant *v = NULL;
	struct error err;

	assert_int_equal(keys_describe(f->top, &v, &err), -ENOENT);
	assert_non_null(strstr(err.message, "atomos keys new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_never_overwritten),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_nix_pair),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_renew_cut),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests_name("keys", tests, setup, teardown);
}
