/* SPDX-License-Identifier: MIT */
/* Signatures over values of PCR 11. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "core/hash.h"
#include "init/json.h"
#include "init/pcr-signature.h"
#include "init/tpm.h"

static bool for_our_pcr(sd_json_variant *entry)
{
	sd_json_variant *pcrs = sd_json_variant_by_key(entry, "pcrs"), *first;

	if (!pcrs || !sd_json_variant_is_array(pcrs) ||
	    sd_json_variant_elements(pcrs) != 1)
		return false;
	first = sd_json_variant_by_index(pcrs, 0);
	return sd_json_variant_is_unsigned(first) &&
	       sd_json_variant_unsigned(first) == TPM_PCR_BOOT;
}

static int decode(const char *text, uint8_t ret[static PCR_SIGNATURE_MAX],
		  size_t *ret_size)
{
	size_t length = strlen(text), padding = 0;
	/* EVP_DecodeBlock writes whole groups of three, the padding as zeros. */
	uint8_t bytes[PCR_SIGNATURE_MAX + 3];
	int n;

	while (padding < length && padding < 2 && text[length - 1 - padding] == '=')
		padding++;
	if (length == 0 || length % 4 || length / 4 * 3 - padding > PCR_SIGNATURE_MAX)
		return -EBADMSG;
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
	if (n < 0)
		return -EBADMSG;
	*ret_size = (size_t)n - padding;
	memcpy(ret, bytes, *ret_size);
	return 0;
}

/* Without one libcrypto asks on the terminal, and waits. */
static int no_pass_phrase(char *buffer _unused_, int size _unused_, int writes _unused_,
			  void *context _unused_)
{
	return -1;
}

EVP_PKEY *pcr_key_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL) : NULL;

	BIO_free(bio);
	return key;
}

int pcr_key_fingerprint(const char *pem, uint8_t ret[static PCR_FINGERPRINT_SIZE])
{
	EVP_PKEY *key = pcr_key_read(pem);
	unsigned char *der = NULL;
	int size = key ? i2d_PublicKey(key, &der) : -1;

	if (size > 0)
		sha256_buffer(der, (size_t)size, ret);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return size > 0 ? 0 : -EBADMSG;
}

/* One element of the list, as far as it is looked at. */
struct entry {
	uint8_t key[PCR_FINGERPRINT_SIZE], policy[PCR_POLICY_SIZE];
	char *signature;
};

static int read_entry(sd_json_variant *v, struct entry *ret)
{
	_cleanup_free_ char *key = NULL, *policy = NULL;

	if (!sd_json_variant_is_object(v) || !for_our_pcr(v) ||
	    json_string(v, "pkfp", &key, NULL) <= 0 ||
	    json_string(v, "pol", &policy, NULL) <= 0 ||
	    hex_decode(key, ret->key, sizeof(ret->key)) < 0 ||
	    hex_decode(policy, ret->policy, sizeof(ret->policy)) < 0 ||
	    json_string(v, "sig", &ret->signature, NULL) <= 0)
		return -EBADMSG;
	return 0;
}

/* The first entry of this key, over this policy if that isn't NULL. */
static int find(const char *json, const uint8_t *key, const uint8_t *policy,
		struct entry *ret)
{
	_cleanup_variant_ sd_json_variant *root = NULL;
	sd_json_variant *list;

	if (variant_parse(json, "it", &root, NULL) < 0)
		return -EBADMSG;
	list = sd_json_variant_by_key(root, "sha256");
	if (!list || !sd_json_variant_is_array(list))
		return -ENOENT;
	for (size_t i = 0; i < sd_json_variant_elements(list); i++) {
		if (read_entry(sd_json_variant_by_index(list, i), ret) < 0)
			return -EBADMSG;
		if (memcmp(ret->key, key, sizeof(ret->key)) == 0 &&
		    (!policy || memcmp(ret->policy, policy, sizeof(ret->policy)) == 0))
			return 0;
	}
	return -ENOENT;
}

int pcr_signature_find(const char *json, const uint8_t key[static PCR_FINGERPRINT_SIZE],
		       const uint8_t policy[static PCR_POLICY_SIZE],
		       uint8_t ret[static PCR_SIGNATURE_MAX], size_t *ret_size)
{
	struct entry e = {0};
	int r = find(json, key, policy, &e);

	if (r == 0)
		r = decode(e.signature, ret, ret_size);
	free(e.signature);
	return r;
}

bool pcr_signature_by(const char *json, const uint8_t key[static PCR_FINGERPRINT_SIZE])
{
	struct entry e = {0};
	int r = find(json, key, NULL, &e);

	free(e.signature);
	return r == 0;
}
