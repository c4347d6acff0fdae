/* SPDX-License-Identifier: MIT */
/* What the running system asks of the next start, which alone can grant it, after the
 * owner's password. A LUKS2 token
 *
 *   {"type":"atomos-request","keyslots":[],"want":TEXT}
 *
 * where TEXT is "tpm" (the TPM opens the disk), "tpm-pin" (it does with a PIN),
 * "trust=NAME:BASE64" (a public key whose systems are started), "distrust=NAME:BASE64"
 * (one no longer) or "release=N" (the lowest release that is started). Whoever has the
 * disk can write one. */
#pragma once

#include <stdbool.h>

#include "core/signature.h"

#define REQUEST_TOKEN "atomos-request"
#define REQUESTS_MAX 8

enum request_kind {
	REQUEST_TPM,
	REQUEST_TPM_PIN,
	REQUEST_TRUST,
	REQUEST_DISTRUST,
	REQUEST_RELEASE,
};

struct request {
	enum request_kind kind;
	struct trusted_keys key; /* one, of REQUEST_TRUST and REQUEST_DISTRUST */
	uint64_t release;	 /* of REQUEST_RELEASE */
};

struct requests {
	struct request list[REQUESTS_MAX];
	size_t count;
	bool too_many; /* more were there */
};

/* Parses the text of a token. -ENOENT when it is another kind, -EBADMSG when it asks for
 * nothing that we know. Released by request_done; empty on failure. */
int request_parse(const char *json, struct request *ret);
void request_done(struct request *r);

/* Whether it is for a slot of the TPM's: such a one stays until there is one. */
bool request_is_tpm(const struct request *r);

void requests_done(struct requests *r);
#define _cleanup_requests_ _cleanup_(requests_done)
