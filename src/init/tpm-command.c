/* SPDX-License-Identifier: MIT */
/* TPM 2.0 commands as bytes. */
#include <errno.h>
#include <string.h>
#include <openssl/evp.h>

#include "base/macro.h"
#include "init/tpm-command.h"

#define TPM_ST_NO_SESSIONS 0x8001
#define TPM_ST_SESSIONS 0x8002
#define TPM_CC_NV_UNDEFINE_SPACE 0x122
#define TPM_CC_NV_READ 0x14e
#define TPM_CC_GET_CAPABILITY 0x17a
#define TPM_CC_PCR_EXTEND 0x182
#define TPM_CAP_HANDLES 1
#define TPM_CAP_PCRS 5
#define TPM_RH_OWNER 0x40000001
#define TPM_RS_PW 0x40000009
#define HEADER_SIZE 10

static const struct {
	uint16_t id;
	const char *name; /* libcrypto's */
} hashes[] = {
	{0x0004, "SHA1"},     {0x000b, "SHA256"},   {0x000c, "SHA384"},
	{0x000d, "SHA512"},   {0x0012, "SM3"},	    {0x0027, "SHA3-256"},
	{0x0028, "SHA3-384"}, {0x0029, "SHA3-512"},
};

struct writer {
	uint8_t *data;
	size_t size;
};

static void put(struct writer *w, uint32_t value, size_t bytes)
{
	while (bytes-- > 0)
		w->data[w->size++] = (uint8_t)(value >> (8 * bytes));
}

static void put_header(struct writer *w, uint16_t tag, uint32_t command)
{
	put(w, tag, 2);
	put(w, 0, 4); /* size, known at the end */
	put(w, command, 4);
}

/* An authorization: the empty password. */
static void put_empty_password(struct writer *w)
{
	put(w, 9, 4); /* size */
	put(w, TPM_RS_PW, 4);
	put(w, 0, 2); /* nonce */
	put(w, 0, 1); /* attributes */
	put(w, 0, 2); /* password */
}

static size_t finish(struct writer *w)
{
	struct writer size = {w->data, 2};

	put(&size, (uint32_t)w->size, 4);
	return w->size;
}

static uint32_t get(const uint8_t *p, size_t bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

size_t tpm_encode_get_banks(uint8_t out[static TPM_COMMAND_MAX])
{
	struct writer w = {out, 0};

	put_header(&w, TPM_ST_NO_SESSIONS, TPM_CC_GET_CAPABILITY);
	put(&w, TPM_CAP_PCRS, 4);
	put(&w, 0, 4); /* first property */
	put(&w, 1, 4); /* count; all banks come in any case */
	return finish(&w);
}

int tpm_decode_done(const uint8_t *data, size_t size, uint32_t *ret_code)
{
	*ret_code = 0;
	if (size < HEADER_SIZE || get(data + 2, 4) != size)
		return -EBADMSG;
	*ret_code = get(data + 6, 4);
	return *ret_code ? -EIO : 0;
}

int tpm_decode_banks(const uint8_t *data, size_t size, unsigned pcr,
		     struct tpm_banks *ret, uint32_t *ret_code)
{
	int r = tpm_decode_done(data, size, ret_code);
	const uint8_t *p = data + HEADER_SIZE, *end = data + size;
	uint32_t count;

	ret->count = 0;
	if (r < 0)
		return r;
	/* moreData (1), capability (4), count (4), then TPMS_PCR_SELECTION each. */
	if (end - p < 9 || get(p + 1, 4) != TPM_CAP_PCRS)
		return -EBADMSG;
	count = get(p + 5, 4);
	p += 9;
	if (count > TPM_BANKS_MAX)
		return -EBADMSG;
	while (count-- > 0) {
		uint8_t bytes;

		if (end - p < 3)
			return -EBADMSG;
		bytes = p[2];
		if (end - p < 3 + bytes)
			return -EBADMSG;
		if (pcr / 8 < bytes && (p[3 + pcr / 8] & 1 << pcr % 8))
			ret->algorithms[ret->count++] = (uint16_t)get(p, 2);
		p += 3 + bytes;
	}
	return p == end ? 0 : -EBADMSG;
}

static const char *hash_name(uint16_t id)
{
	for (size_t i = 0; i < ELEMENTSOF(hashes); i++)
		if (hashes[i].id == id)
			return hashes[i].name;
	return NULL;
}

/* Appends TPMT_HA: algorithm and digest of the word. */
static int put_digest(struct writer *w, uint16_t algorithm, const char *word)
{
	const char *name = hash_name(algorithm);
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t size;

	if (!name || !EVP_Q_digest(NULL, name, NULL, word, strlen(word), digest, &size))
		return -EOPNOTSUPP;
	put(w, algorithm, 2);
	memcpy(w->data + w->size, digest, size);
	w->size += size;
	return 0;
}

int tpm_encode_extend(unsigned pcr, const char *word, const struct tpm_banks *banks,
		      uint8_t out[static TPM_COMMAND_MAX])
{
	struct writer w = {out, 0};

	if (banks->count * (2 + EVP_MAX_MD_SIZE) + 64 > TPM_COMMAND_MAX)
		return -EOPNOTSUPP;
	put_header(&w, TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND);
	put(&w, pcr, 4);
	put_empty_password(&w);
	put(&w, (uint32_t)banks->count, 4);
	for (size_t i = 0; i < banks->count; i++) {
		int r = put_digest(&w, banks->algorithms[i], word);

		if (r < 0)
			return r;
	}
	return (int)finish(&w);
}

size_t tpm_encode_find_index(uint32_t index, uint8_t out[static TPM_COMMAND_MAX])
{
	struct writer w = {out, 0};

	put_header(&w, TPM_ST_NO_SESSIONS, TPM_CC_GET_CAPABILITY);
	put(&w, TPM_CAP_HANDLES, 4);
	put(&w, index, 4);
	put(&w, 1, 4); /* count */
	return finish(&w);
}

int tpm_decode_find_index(const uint8_t *data, size_t size, uint32_t index,
			  uint32_t *ret_code)
{
	int r = tpm_decode_done(data, size, ret_code);
	const uint8_t *p = data + HEADER_SIZE, *end = data + size;

	if (r < 0)
		return r;
	/* moreData (1), capability (4), count (4), then a handle each. */
	if (end - p < 9 || get(p + 1, 4) != TPM_CAP_HANDLES)
		return -EBADMSG;
	if (get(p + 5, 4) == 0)
		return 0;
	/* The next one, when there is none of this number. */
	return end - p < 13 ? -EBADMSG : get(p + 9, 4) == index;
}

size_t tpm_encode_read_index(uint32_t index, uint16_t bytes,
			     uint8_t out[static TPM_COMMAND_MAX])
{
	struct writer w = {out, 0};

	put_header(&w, TPM_ST_SESSIONS, TPM_CC_NV_READ);
	put(&w, index, 4); /* whose password it is */
	put(&w, index, 4);
	put_empty_password(&w);
	put(&w, bytes, 2);
	put(&w, 0, 2); /* offset */
	return finish(&w);
}

int tpm_decode_read_index(const uint8_t *data, size_t size, const uint8_t **ret,
			  uint32_t *ret_code)
{
	int r = tpm_decode_done(data, size, ret_code);
	const uint8_t *p = data + HEADER_SIZE, *end = data + size;
	uint32_t bytes;

	if (r < 0)
		return r;
	/* Size of the parameters (4), size of the content (2), the content. */
	if (end - p < 6)
		return -EBADMSG;
	bytes = get(p + 4, 2);
	if ((size_t)(end - p) < 6 + bytes)
		return -EBADMSG;
	*ret = p + 6;
	return (int)bytes;
}

size_t tpm_encode_remove_index(uint32_t index, uint8_t out[static TPM_COMMAND_MAX])
{
	struct writer w = {out, 0};

	put_header(&w, TPM_ST_SESSIONS, TPM_CC_NV_UNDEFINE_SPACE);
	put(&w, TPM_RH_OWNER, 4);
	put(&w, index, 4);
	put_empty_password(&w);
	return finish(&w);
}
