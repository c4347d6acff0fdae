/* SPDX-License-Identifier: MIT */
/* The LUKS2 token in which an installation leaves answers to the first start's questions:
 *
 *   {"type":"atomos-answers","keyslots":[],"open":"BASE64","sealed":"BASE64"}
 *
 * `open` is a JSON text (owner/answers.h) without secrets, which anybody may read and
 * write. `sealed`, which may be absent, is the whole text as systemd-creds(1) encrypts it
 * to this machine's TPM: PCR 7, a PCR 11 that the vendor's key has signed, and a name
 * made of the digest of the volume key. */
#pragma once

#include <stdint.h>

#include "core/hash.h"

#define ANSWERS_TOKEN "atomos-answers"
#define ANSWERS_NAME_PREFIX "atomos-answers-"
#define ANSWERS_NAME_SIZE (sizeof(ANSWERS_NAME_PREFIX) + 2 * (size_t)SHA256_SIZE)

/* What the sealed part is called, by the volume's digest (init/volume-digest.h): another
 * volume's isn't taken for this one's. */
void answers_name(const uint8_t digest[static SHA256_SIZE],
		  char ret[static ANSWERS_NAME_SIZE]);
