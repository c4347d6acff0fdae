/* SPDX-License-Identifier: MIT */
/* The few TPM 2.0 commands that go without a library, as bytes: what the boot needs, and
 * what an installation does to an old pin. Source of the format: TCG TPM 2.0 Library,
 * Part 2 (structures) and Part 3 (22.2 TPM2_PCR_Extend, 30.2 TPM2_GetCapability, 31.4
 * TPM2_NV_UndefineSpace, 31.13 TPM2_NV_Read). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TPM_COMMAND_MAX 1024
#define TPM_BANKS_MAX 16

/* Hash algorithms (TPM_ALG_ID) of the PCR banks. */
struct tpm_banks {
	uint16_t algorithms[TPM_BANKS_MAX];
	size_t count;
};

/* Asks for the PCR allocation. Returns the size. */
size_t tpm_encode_get_banks(uint8_t out[static TPM_COMMAND_MAX]);

/* Reads the answer: the banks in which `pcr` is allocated. -EBADMSG when it isn't a valid
 * answer, -EIO when the TPM refused; *ret_code is the TPM's response code. */
int tpm_decode_banks(const uint8_t *data, size_t size, unsigned pcr,
		     struct tpm_banks *ret, uint32_t *ret_code);

/* Extends `pcr` with the hash of `word` in every bank, in one command. Returns the size,
 * or -EOPNOTSUPP when a bank's hash is unknown. */
int tpm_encode_extend(unsigned pcr, const char *word, const struct tpm_banks *banks,
		      uint8_t out[static TPM_COMMAND_MAX]);

/* 0 when the answer says success, else as tpm_decode_banks. */
int tpm_decode_done(const uint8_t *data, size_t size, uint32_t *ret_code);

/* Asks for the first NV index from `index` on. Returns the size. */
size_t tpm_encode_find_index(uint32_t index, uint8_t out[static TPM_COMMAND_MAX]);
/* 1 when the answer says that there is this index, 0 when there is none; else as
 * tpm_decode_banks. */
int tpm_decode_find_index(const uint8_t *data, size_t size, uint32_t index,
			  uint32_t *ret_code);

/* Reads the first `bytes` of an index with its own empty password. Returns the size. */
size_t tpm_encode_read_index(uint32_t index, uint16_t bytes,
			     uint8_t out[static TPM_COMMAND_MAX]);
/* The number of bytes read, and where in the answer they are; else as tpm_decode_banks.
 */
int tpm_decode_read_index(const uint8_t *data, size_t size, const uint8_t **ret,
			  uint32_t *ret_code);

/* Removes an index, with the owner's empty password. Returns the size; the answer is for
 * tpm_decode_done. */
size_t tpm_encode_remove_index(uint32_t index, uint8_t out[static TPM_COMMAND_MAX]);
