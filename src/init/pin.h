/* SPDX-License-Identifier: MIT */
/* The pin: what a machine's TPM remembers of the one volume that it opens. A fixed layout
 * of PIN_SIZE bytes, numbers big-endian:
 *
 *   0  8  "ATOMOSPN"
 *   8  2  version, 1
 *  10  1  Secure Boot at enrolment: 1 on, 0 off
 *  11  1  number of owner keys, at most 8
 *  12  1  1: the TPM opens it only together with a PIN
 *  13  3  0
 *  16  8  lowest release that is started without the owner's password
 *  24 32  digest of the volume key (volume-digest.h)
 *  56 32  PCR 7 (SHA-256 bank) when it was written
 *  88 32  SHA-256 of each owner key's 32 bytes, eight places; unused ones are 0
 * 344  8  release of the boot image under which a lower one was granted; 0: none was */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/volume-digest.h"

#define PIN_OWNERS_MAX 8
#define PIN_HASH_SIZE 32
#define PIN_SIZE 352

struct pin {
	bool secure_boot, with_pin;
	size_t owner_count;
	uint64_t lowest_release, granted_at;
	uint8_t volume[VOLUME_DIGEST_SIZE];
	uint8_t pcr7[PIN_HASH_SIZE];
	uint8_t owners[PIN_OWNERS_MAX][PIN_HASH_SIZE];
};

/* The place of this owner key, by its hash, or -ENOENT. */
int pin_owner(const struct pin *p, const uint8_t hash[static PIN_HASH_SIZE]);

/* Takes it out, if it is there. */
void pin_remove_owner(struct pin *p, const uint8_t hash[static PIN_HASH_SIZE]);

/* A boot image of this release has started: older systems aren't, from now on. What was
 * granted below it lasts until a newer one comes. */
void pin_raise(struct pin *p, uint64_t release);

void pin_encode(const struct pin *p, uint8_t out[static PIN_SIZE]);

/* Whether both are the same bytes. */
bool pin_equal(const struct pin *a, const struct pin *b);

/* -EBADMSG when it isn't exactly this layout. */
int pin_decode(const uint8_t *data, size_t size, struct pin *ret);
