/* SPDX-License-Identifier: MIT */
/* Signatures over values of PCR 11. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
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

int pcr_signature_find(const char *json, const uint8_t policy[static PCR_POLICY_SIZE],
		       uint8_t ret[static PCR_SIGNATURE_MAX], size_t *ret_size)
{
	_cleanup_(json_unrefp) sd_json_variant *root = NULL;
	sd_json_variant *list;

	if (json_parse(json, &root, NULL) < 0)
		return -EBADMSG;
	list = sd_json_variant_by_key(root, "sha256");
	if (!list || !sd_json_variant_is_array(list))
		return -ENOENT;
	for (size_t i = 0; i < sd_json_variant_elements(list); i++) {
		_cleanup_free_ char *digest = NULL, *signature = NULL;
		sd_json_variant *entry = sd_json_variant_by_index(list, i);
		uint8_t bytes[PCR_POLICY_SIZE];

		if (!sd_json_variant_is_object(entry) || !for_our_pcr(entry) ||
		    json_string(entry, "pol", &digest, NULL) <= 0 ||
		    json_string(entry, "sig", &signature, NULL) <= 0)
			return -EBADMSG;
		if (hex_decode(digest, bytes, sizeof(bytes)) == 0 &&
		    memcmp(bytes, policy, sizeof(bytes)) == 0)
			return decode(signature, ret, ret_size);
	}
	return -ENOENT;
}
