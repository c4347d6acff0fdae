/* SPDX-License-Identifier: MIT */
/* The only shape of a LUKS2 header that AtomOS makes, and opens. */
#pragma once

#include "base/error.h"

/* Where the data starts; all metadata lies before it. */
#define LUKS_DATA_OFFSET (16U << 20)
/* The part that is copied and used: binary headers, JSON and the first 7 slots. */
#define LUKS_HEADER_COPY (2U << 20)
#define LUKS_SLOTS_MAX 7
#define LUKS_TOKENS_MAX 32
/* libcryptsetup's own limit of a JSON area. */
#define LUKS_JSON_MAX (4U << 20)
/* For deriving a slot's key: more (1 GiB) would take memory that a machine hasn't. */
#define LUKS_ARGON_KIB_MAX (1U << 20)
#define LUKS_ARGON_CPUS_MAX 4

/* Checks the JSON of a header, field by field; whatever isn't known is refused (-EPERM
 * with a sentence that says what). Format: LUKS2 On-Disk Format Specification 1.1.4. */
int luks_shape_check(const char *json, struct error *err);
