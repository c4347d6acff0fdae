/* SPDX-License-Identifier: MIT */
/* The tokens that may be in a LUKS2 header of ours. */
#pragma once

#include <systemd/sd-json.h>

/* NULL when every token is of a known kind and has exactly its fields (systemd's TPM2,
 * recovery and FIDO2 tokens as systemd-cryptenroll 257 writes them; ours for keymap,
 * password, record and requests), else what is odd. */
const char *luks_tokens_odd(sd_json_variant *tokens);
