/* SPDX-License-Identifier: MIT */
/* The pin in the TPM, through tss2-esys. */
#include <dlfcn.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "base/alloc.h"
#include "base/macro.h"
#include "core/hash.h"
#include "init/pcr-signature.h"
#include "init/pin-tpm.h"
#include "init/tpm.h"

#define PCR_SECURE_BOOT 7
#define NO_SESSIONS ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE
#define EMPTY_PASSWORD ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE
#define EXPONENT_DEFAULT 65537
#define NAME_SIZE (2 + TPM2_SHA256_DIGEST_SIZE)

/* Whoever asks may read it, with the index's own empty password or the owner's; only the
 * policy writes, and only the whole. Wrong tries don't lock the TPM. */
#define ATTRIBUTES                                                                       \
	(TPMA_NV_POLICYWRITE | TPMA_NV_WRITEALL | TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD | \
	 TPMA_NV_NO_DA)

struct tpm_handle {
	ESYS_CONTEXT *esys;
	TSS2_TCTI_CONTEXT *tcti;
	void *driver;
};

static void tpm_close(struct tpm_handle *t)
{
	if (t->esys)
		Esys_Finalize(&t->esys);
	if (t->tcti)
		Tss2_Tcti_Finalize(t->tcti);
	free(t->tcti);
	if (t->driver)
		(void)dlclose(t->driver);
}
#define _cleanup_tpm_ _cleanup_(tpm_close)

static void esys_freep(void *p)
{
	Esys_Free(*(void **)p);
}
#define _cleanup_esys_ _cleanup_(esys_freep)

static int refused(TSS2_RC rc, const char *what, struct error *err)
{
	return fail(err, -EIO, "The TPM can't %s (error 0x%x)", what, rc);
}

/* As systemd does it: libtss2's own loader is a library more. */
static TSS2_RC open_driver(const struct pin_tpm *how, struct tpm_handle *t)
{
	_cleanup_free_ char *name = xasprintf("libtss2-tcti-%s.so.0", how->driver);
	TSS2_TCTI_INFO_FUNC info;
	size_t size = 0;
	TSS2_RC rc;

	t->driver = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	info = t->driver ? (TSS2_TCTI_INFO_FUNC)dlsym(t->driver, TSS2_TCTI_INFO_SYMBOL)
			 : NULL;
	if (!info)
		return TSS2_TCTI_RC_NOT_SUPPORTED;
	rc = info()->init(NULL, &size, how->device);
	if (rc)
		return rc;
	t->tcti = xcalloc(1, size);
	rc = info()->init(t->tcti, &size, how->device);
	if (rc) {
		free(t->tcti);
		t->tcti = NULL;
	}
	return rc;
}

static int tpm_open(const struct pin_tpm *how, struct tpm_handle *ret, struct error *err)
{
	TSS2_RC rc = open_driver(how, ret);

	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&ret->esys, ret->tcti, NULL);
	return rc ? refused(rc, "be opened", err) : 0;
}

/* The vendor's key as the TPM knows keys. */

static void evp_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void bn_freep(BIGNUM **n)
{
	BN_free(*n);
}

static int key_to_public(const char *pem, TPM2B_PUBLIC *ret, struct error *err)
{
	_cleanup_(evp_freep) EVP_PKEY *key = pcr_key_read(pem);
	_cleanup_(bn_freep) BIGNUM *n = NULL, *e = NULL;
	TPMT_PUBLIC *p = &ret->publicArea;

	if (!key || !EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) ||
	    !EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) ||
	    BN_num_bytes(n) > TPM2_MAX_RSA_KEY_BYTES ||
	    BN_get_word(e) != EXPONENT_DEFAULT)
		return fail(err, -EBADMSG,
			    "The boot image's key for PCR signatures isn't an RSA key "
			    "that a TPM knows");
	*ret = (TPM2B_PUBLIC){0};
	p->type = TPM2_ALG_RSA;
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes =
		TPMA_OBJECT_DECRYPT | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH;
	p->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
	p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
	p->parameters.rsaDetail.keyBits = (UINT16)(BN_num_bytes(n) * 8);
	p->unique.rsa.size = (UINT16)BN_bn2bin(n, p->unique.rsa.buffer);
	return 0;
}

/* Appends a big-endian number. */
static void put(uint8_t *out, size_t *size, uint32_t value, size_t bytes)
{
	while (bytes-- > 0)
		out[(*size)++] = (uint8_t)(value >> (8 * bytes));
}

/* Name of a public area: its hash algorithm, and the hash of its bytes. */
static void name_of(const uint8_t *area, size_t size, uint8_t ret[static NAME_SIZE])
{
	size_t at = 0;

	put(ret, &at, TPM2_ALG_SHA256, 2);
	sha256_buffer(area, size, ret + 2);
}

/* One PCR of the SHA-256 bank. */
static TPML_PCR_SELECTION only_pcr(unsigned pcr)
{
	TPML_PCR_SELECTION s = {.count = 1};

	s.pcrSelections[0].hash = TPM2_ALG_SHA256;
	s.pcrSelections[0].sizeofSelect = 3;
	s.pcrSelections[0].pcrSelect[pcr / 8] = (uint8_t)(1 << pcr % 8);
	return s;
}

/* Extends the digest of a policy by "PolicyPCR: PCR 7 has this value" (23.7). */
static int demand_pcr7(const uint8_t pcr7[static PIN_HASH_SIZE], TPM2B_DIGEST *policy)
{
	const TPML_PCR_SELECTION selection = only_pcr(PCR_SECURE_BOOT);
	uint8_t text[2 * PIN_HASH_SIZE + 4 + sizeof(TPML_PCR_SELECTION)];
	size_t at = PIN_HASH_SIZE;

	memcpy(text, policy->buffer, PIN_HASH_SIZE);
	put(text, &at, TPM2_CC_PolicyPCR, 4);
	if (Tss2_MU_TPML_PCR_SELECTION_Marshal(&selection, text, sizeof(text), &at))
		return -EIO;
	sha256_buffer(pcr7, PIN_HASH_SIZE, text + at);
	sha256_buffer(text, at + PIN_HASH_SIZE, policy->buffer);
	return 0;
}

/* Digest of the policy "PolicyAuthorize by this key", TPM 2.0 Part 3, 23.16, and PCR 7:
 * what the key approves now or later, on this machine with these settings. */
static int write_policy(const TPM2B_PUBLIC *key, const uint8_t pcr7[static PIN_HASH_SIZE],
			TPM2B_DIGEST *ret, struct error *err)
{
	uint8_t area[sizeof(TPMT_PUBLIC)], text[PIN_HASH_SIZE + 4 + NAME_SIZE] = {0};
	size_t size = 0, at = PIN_HASH_SIZE;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(&key->publicArea, area, sizeof(area), &size))
		return fail(err, -EBADMSG, "The boot image's key can't be written down");
	put(text, &at, TPM2_CC_PolicyAuthorize, 4);
	name_of(area, size, text + at);
	sha256_buffer(text, sizeof(text), ret->buffer);
	/* And over it the policy reference, which is empty. */
	sha256_buffer(ret->buffer, PIN_HASH_SIZE, ret->buffer);
	ret->size = PIN_HASH_SIZE;
	return demand_pcr7(pcr7, ret) < 0
		       ? fail(err, -EBADMSG, "PCR 7 can't be written down")
		       : 0;
}

/* The index that is written under this PCR 7. */
static int index_public(const TPM2B_PUBLIC *key, const uint8_t pcr7[static PIN_HASH_SIZE],
			TPM2B_NV_PUBLIC *ret, struct error *err)
{
	*ret = (TPM2B_NV_PUBLIC){.nvPublic = {.nvIndex = PIN_INDEX,
					      .nameAlg = TPM2_ALG_SHA256,
					      .attributes = ATTRIBUTES,
					      .dataSize = PIN_SIZE}};
	return write_policy(key, pcr7, &ret->nvPublic.authPolicy, err);
}

/* Reading. */

static int read_pcr7(struct tpm_handle *t, uint8_t ret[static PIN_HASH_SIZE],
		     struct error *err)
{
	const TPML_PCR_SELECTION wanted = only_pcr(PCR_SECURE_BOOT);
	_cleanup_esys_ TPML_DIGEST *values = NULL;

	if (Esys_PCR_Read(t->esys, NO_SESSIONS, &wanted, NULL, NULL, &values) ||
	    values->count != 1 || values->digests[0].size != PIN_HASH_SIZE)
		return fail(err, -EIO, "The TPM has no PCR 7 with SHA-256");
	memcpy(ret, values->digests[0].buffer, PIN_HASH_SIZE);
	return 0;
}

/* 1 and the index, or 0 when there is none. */
static int find_index(struct tpm_handle *t, ESYS_TR *ret, struct error *err)
{
	_cleanup_esys_ TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(t->esys, NO_SESSIONS, TPM2_CAP_HANDLES, PIN_INDEX,
					1, &more, &data);

	if (rc)
		return refused(rc, "tell what it keeps", err);
	if (data->capability != TPM2_CAP_HANDLES || data->data.handles.count < 1 ||
	    data->data.handles.handle[0] != PIN_INDEX)
		return 0;
	rc = Esys_TR_FromTPMPublic(t->esys, PIN_INDEX, NO_SESSIONS, ret);
	return rc ? refused(rc, "tell about the pin", err) : 1;
}

/* Whether the index is the one described by `public`, with or without content. The Name
 * is what the TPM answers for; it covers handle, attributes, policy and size. */
static int name_matches(struct tpm_handle *t, ESYS_TR index, TPM2B_NV_PUBLIC public,
			bool written, struct error *err)
{
	_cleanup_esys_ TPM2B_NV_PUBLIC *said = NULL;
	_cleanup_esys_ TPM2B_NAME *name = NULL;
	uint8_t area[sizeof(TPMS_NV_PUBLIC)], expected[NAME_SIZE];
	size_t size = 0;
	TSS2_RC rc;

	if (written)
	public.nvPublic.attributes |= TPMA_NV_WRITTEN;
	rc = Tss2_MU_TPMS_NV_PUBLIC_Marshal(&public.nvPublic, area, sizeof(area), &size);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_NV_ReadPublic(t->esys, index, NO_SESSIONS, &said, &name);
	if (rc)
		return refused(rc, "tell the pin's name", err);
	name_of(area, size, expected);
	return name->size == NAME_SIZE && memcmp(name->name, expected, NAME_SIZE) == 0;
}

/* Whether there is a valid one. */
static int read_content(struct tpm_handle *t, ESYS_TR index, struct pin_reading *ret,
			struct error *err)
{
	_cleanup_esys_ TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc =
		Esys_NV_Read(t->esys, index, index, EMPTY_PASSWORD, PIN_SIZE, 0, &data);

	if (rc)
		return refused(rc, "read the pin", err);
	return pin_decode(data->buffer, data->size, &ret->pin) == 0;
}

/* Whether it is the one that a boot image writes under this PCR 7. */
static int written_under(struct tpm_handle *t, ESYS_TR index, const TPM2B_PUBLIC *key,
			 const uint8_t pcr7[static PIN_HASH_SIZE], struct error *err)
{
	TPM2B_NV_PUBLIC public;
	int r = index_public(key, pcr7, &public, err);

	return r < 0 ? r : name_matches(t, index, public, true, err);
}

/* Of an index that isn't the one for today's PCR 7. One that can't be read is somebody
 * else's, and no failure of the TPM. */
static int judge_other(struct tpm_handle *t, ESYS_TR index, const TPM2B_PUBLIC *key,
		       struct pin_reading *ret, struct error *err)
{
	struct error unread;
	int r;

	ret->state = PIN_SPOILT;
	if (read_content(t, index, ret, &unread) <= 0)
		return 0;
	r = written_under(t, index, key, ret->pin.pcr7, err);
	if (r > 0)
		ret->state = PIN_OTHER_PCR7;
#ifdef WITHOUT_CHECK_PIN_FIRMWARE
	if (r > 0)
		ret->state = PIN_GOOD;
#endif
	return MIN(r, 0);
}

/* By Name and content, what the index is. */
static int judge(struct tpm_handle *t, ESYS_TR index, const TPM2B_PUBLIC *key,
		 struct pin_reading *ret, struct error *err)
{
	int r = written_under(t, index, key, ret->pcr7, err);

#ifdef WITHOUT_CHECK_PIN_NAME
	r = r < 0 ? r : 1;
#endif
	if (r <= 0)
		return r < 0 ? r : judge_other(t, index, key, ret, err);
	r = read_content(t, index, ret, err);
	if (r >= 0)
		ret->state = r > 0 ? PIN_GOOD : PIN_SPOILT;
	return MIN(r, 0);
}

int pin_tpm_read(const struct pin_tpm *how, struct pin_reading *ret, struct error *err)
{
	_cleanup_tpm_ struct tpm_handle t = {0};
	TPM2B_PUBLIC key;
	ESYS_TR index;
	int r;

	*ret = (struct pin_reading){.state = PIN_UNAVAILABLE};
	r = key_to_public(how->public_key, &key, err);
	if (r == 0)
		r = tpm_open(how, &t, err);
	if (r == 0)
		r = read_pcr7(&t, ret->pcr7, err);
	if (r < 0)
		return r;
	ret->has_pcr7 = true;
	r = find_index(&t, &index, err);
	if (r == 0)
		ret->state = PIN_NONE;
	return r <= 0 ? r : judge(&t, index, &key, ret, err);
}

/* Writing. */

static int define(struct tpm_handle *t, const TPM2B_NV_PUBLIC *public, ESYS_TR *ret,
		  struct error *err)
{
	const TPM2B_AUTH none = {0};
	TSS2_RC rc = Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, EMPTY_PASSWORD, &none,
					 public, ret);

	return rc ? refused(rc, "keep the pin", err) : 0;
}

/* The index to write to: the one that is there if it is ours, else a new one. */
static int prepare_index(struct tpm_handle *t, const TPM2B_NV_PUBLIC *public,
			 ESYS_TR *ret, struct error *err)
{
	TSS2_RC rc;
	int r = find_index(t, ret, err), ours;

	if (r <= 0)
		return r < 0 ? r : define(t, public, ret, err);
	ours = name_matches(t, *ret, *public, true, err);
	if (ours == 0)
		ours = name_matches(t, *ret, *public, false, err);
	if (ours != 0)
		return ours < 0 ? ours : 0;
	rc = Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, *ret, EMPTY_PASSWORD);
	return rc ? refused(rc, "remove what is in the pin's place", err)
		  : define(t, public, ret, err);
}

static int start_session(struct tpm_handle *t, ESYS_TR *ret, struct error *err)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	TSS2_RC rc =
		Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, NO_SESSIONS,
				      NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, ret);

	return rc ? refused(rc, "begin a session", err) : 0;
}

/* Brings the session to the policy "PCR 11 as it is now", whose digest is returned. */
static int policy_pcr(struct tpm_handle *t, ESYS_TR session, TPM2B_DIGEST **ret,
		      struct error *err)
{
	const TPML_PCR_SELECTION pcr11 = only_pcr(TPM_PCR_BOOT);
	TSS2_RC rc = Esys_PolicyPCR(t->esys, session, NO_SESSIONS, NULL, &pcr11);

	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_PolicyGetDigest(t->esys, session, NO_SESSIONS, ret);
	if (rc)
		return refused(rc, "look at PCR 11", err);
	return (*ret)->size == PCR_POLICY_SIZE ? 0 : refused(0, "look at PCR 11", err);
}

/* Has the TPM check the vendor's signature over that policy; the ticket says so. */
static int verify(struct tpm_handle *t, ESYS_TR key, const TPM2B_DIGEST *policy,
		  const struct pin_tpm *how, TPMT_TK_VERIFIED **ret, struct error *err)
{
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];
	TPMT_SIGNATURE s = {.sigAlg = TPM2_ALG_RSASSA,
			    .signature.rsassa = {.hash = TPM2_ALG_SHA256}};
	TPM2B_DIGEST digest = {.size = PIN_HASH_SIZE};
	size_t size = 0;
	TSS2_RC rc;

	if (pcr_key_fingerprint(how->public_key, fingerprint) < 0 ||
	    pcr_signature_find(how->signature, fingerprint, policy->buffer,
			       s.signature.rsassa.sig.buffer, &size) < 0)
		return fail(err, -EPERM,
			    "The boot image has no signature for the phase that the TPM "
			    "is in: the pin can only be written early in a start");
	s.signature.rsassa.sig.size = (UINT16)size;
	sha256_buffer(policy->buffer, policy->size, digest.buffer);
	rc = Esys_VerifySignature(t->esys, key, NO_SESSIONS, &digest, &s, ret);
	return rc ? refused(rc, "confirm the boot image's signature", err) : 0;
}

/* Brings the session to the whole of write_policy. */
static int authorize(struct tpm_handle *t, const TPM2B_PUBLIC *public,
		     const struct pin_tpm *how, ESYS_TR session, struct error *err)
{
	const TPML_PCR_SELECTION pcr7 = only_pcr(PCR_SECURE_BOOT);
	_cleanup_esys_ TPM2B_DIGEST *policy = NULL;
	_cleanup_esys_ TPMT_TK_VERIFIED *ticket = NULL;
	_cleanup_esys_ TPM2B_NAME *name = NULL;
	const TPM2B_NONCE no_reference = {0};
	ESYS_TR key = ESYS_TR_NONE;
	TSS2_RC rc;
	int r = policy_pcr(t, session, &policy, err);

	if (r < 0)
		return r;
	rc = Esys_LoadExternal(t->esys, NO_SESSIONS, NULL, public, ESYS_TR_RH_OWNER,
			       &key);
	if (rc)
		return refused(rc, "use the boot image's key", err);
	r = verify(t, key, policy, how, &ticket, err);
	if (r == 0) {
		rc = Esys_TR_GetName(t->esys, key, &name);
		if (rc == TSS2_RC_SUCCESS)
			rc = Esys_PolicyAuthorize(t->esys, session, NO_SESSIONS, policy,
						  &no_reference, name, ticket);
		if (rc == TSS2_RC_SUCCESS)
			rc = Esys_PolicyPCR(t->esys, session, NO_SESSIONS, NULL, &pcr7);
		r = rc ? refused(rc, "authorize the pin", err) : 0;
	}
	(void)Esys_FlushContext(t->esys, key);
	return r;
}

static int write_content(struct tpm_handle *t, ESYS_TR index, ESYS_TR session,
			 const struct pin *pin, struct error *err)
{
	TPM2B_MAX_NV_BUFFER data = {.size = PIN_SIZE};
	TSS2_RC rc;

	pin_encode(pin, data.buffer);
	rc = Esys_NV_Write(t->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE,
			   &data, 0);
	return rc ? refused(rc, "write the pin", err) : 0;
}

int pin_tpm_write(const struct pin_tpm *how, const struct pin *pin, struct error *err)
{
	_cleanup_tpm_ struct tpm_handle t = {0};
	uint8_t pcr7[PIN_HASH_SIZE];
	TPM2B_NV_PUBLIC public;
	TPM2B_PUBLIC key;
	ESYS_TR session, index;
	int r = key_to_public(how->public_key, &key, err);

	if (r == 0)
		r = tpm_open(how, &t, err);
	if (r == 0)
		r = read_pcr7(&t, pcr7, err);
	if (r == 0)
		r = index_public(&key, pcr7, &public, err);
	if (r == 0)
		r = start_session(&t, &session, err);
	if (r < 0)
		return r;
	/* First the right to write: without it what is there isn't touched. */
	r = authorize(&t, &key, how, session, err);
	if (r == 0)
		r = prepare_index(&t, &public, &index, err);
	if (r == 0)
		r = write_content(&t, index, session, pin, err);
	/* A used session is gone by itself. */
	if (r < 0)
		(void)Esys_FlushContext(t.esys, session);
	return r;
}
