/* SPDX-License-Identifier: MIT */
/* Which keys an owner's disk may bring along: those whose hash the machine remembers. */
#pragma once

#include <stddef.h>
#include <systemd/sd-json.h>

#include "core/signature.h"
#include "init/pin.h"

/* Adds to `keys` those of `text` (lines as trusted_keys_parse takes them) whose SHA-256
 * is in the pin and whose name no key of `keys` has. *ret_refused: the names of the
 * others, a NULL-terminated list that the caller frees; NULL when there are none. On
 * failure nothing is added. */
int owner_keys_add(struct trusted_keys *keys, const char *text, size_t size,
		   const struct pin *pin, char ***ret_refused, struct error *err);

/* The pin's owner keys for boot.json: a list of {"sha256":HEX,"name":NAME}, without a
 * name where none of `keys` has this hash. 0 or negative errno. */
int owner_keys_list(const struct pin *pin, const struct trusted_keys *keys,
		    sd_json_variant **ret);
