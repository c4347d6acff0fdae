/* SPDX-License-Identifier: MIT */
/* Arguments from the environment: the attributes of the derivation. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* The value of a variable (not owned), or -EINVAL with a sentence that names it. */
int env_string(const char *name, const char **ret, struct error *err);
/* The same, or NULL when it is unset or empty. */
const char *env_optional(const char *name);
/* The text of an attribute, freed by the caller: from the file that NAMEPath names (Nix's
 * passAsFile), else from the variable; empty when there is neither. */
int env_text(const char *name, char **ret, struct error *err);
/* SOURCE_DATE_EPOCH in seconds. */
int env_epoch(int64_t *ret, struct error *err);
/* Opens the directory that $out names, made by this call. */
int env_out(int *ret_fd, struct error *err);
