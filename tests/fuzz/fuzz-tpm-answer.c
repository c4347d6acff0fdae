/* SPDX-License-Identifier: MIT */
/* Fuzz target: what a TPM answers. */
#include "fuzz.h"
#include "init/tpm-command.h"
#include "init/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that the sanitizer sees every step beyond. */
	_cleanup_free_ uint8_t *copy = xmemdup(data, size);
	uint8_t command[TPM_COMMAND_MAX];
	struct tpm_banks banks;
	const uint8_t *content;
	uint32_t code;
	int n;

	if (tpm_decode_banks(copy, size, TPM_PCR_BOOT, &banks, &code) == 0) {
		must(banks.count <= TPM_BANKS_MAX);
		must(tpm_encode_extend(TPM_PCR_BOOT, TPM_WORD_ENTER, &banks, command) <=
		     TPM_COMMAND_MAX);
	}
	(void)tpm_decode_done(copy, size, &code);
	(void)tpm_decode_find_index(copy, size, 0x01800a70, &code);
	n = tpm_decode_read_index(copy, size, &content, &code);
	must(n < 0 || (content >= copy && content + n <= copy + size));
	return 0;
}
