/* SPDX-License-Identifier: MIT */
/* Fuzz target: the signatures over PCR 11 that lie beside a boot image. */
#include "fuzz.h"
#include "init/pcr-signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = xstrndup((const char *)data, size);
	uint8_t policy[PCR_POLICY_SIZE], key[PCR_FINGERPRINT_SIZE] = {0};
	uint8_t *signature = xmalloc(PCR_SIGNATURE_MAX);
	size_t n = 0;

	memset(policy, 0x11, sizeof(policy));
	if (pcr_signature_find(text, key, policy, signature, &n) == 0) {
		must(n > 0 && n <= PCR_SIGNATURE_MAX);
		must(pcr_signature_by(text, key));
	}
	free(signature);
	return 0;
}
