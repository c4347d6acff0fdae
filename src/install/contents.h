/* SPDX-License-Identifier: MIT */
/* What is on a disk, in words that people know. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/gpt.h"
#include "install/layout.h"

/* Of a disk with larger sectors that an image was written to: no firmware finds it. */
#define CONTENT_WRONG_SECTORS                                                            \
	"an image for sectors of 512 bytes, which can't start from this disk's larger "  \
	"ones: install from another medium instead"

/* "0x07": NTFS, "0x07, starts": the same, and marked as the one that a BIOS starts. */
#define CONTENT_MBR "0x%02x"
#define CONTENT_STARTS ", starts"

/* One partition, or the whole disk where it has none. */
struct content {
	/* Partition type: a GUID in lower case, in a table of the old kind (MBR) the
	 * number with CONTENT_STARTS behind it where the BIOS starts from; "" for none.
	 */
	char type[GUID_LENGTH + 1];
	char fs[32]; /* as libblkid calls it; "" unknown */
	char label[64];
	bool owned;    /* an AtomOS that somebody has made theirs */
	char **owners; /* its administrators' names; NULL: none is known */
};

/* "Windows, encrypted with BitLocker", "Linux (ext4 \"home\")", "empty"; freed by the
 * caller. */
char *contents_words(const struct content *list, size_t count);

/* A further sentence for whoever is about to overwrite or to share the disk; NULL:
 * nothing to say. A literal. */
const char *contents_warning(const struct content *list, size_t count);

/* Names in the tokens "atomos-password" of a LUKS2 header's JSON text, which anybody can
 * have written: printable ones only. Freed by the caller (strv_free); NULL: none. */
char **owners_parse(const char *json);

/* Whether a header's JSON text has a slot that only an owner's disk has: an
 * administrator's password or a recovery key. */
bool owned_parse(const char *json);

/* The largest space of a GPT disk of `size` bytes that no partition takes. */
struct region free_space(const struct gpt *gpt, uint64_t size);
