/* SPDX-License-Identifier: MIT */
/* A vendor's keys: made once into a directory of their own, mode 0700, files 0600. */
#pragma once

#include "base/error.h"
#include "base/macro.h"

/* Days that the Secure Boot certificates hold; firmware doesn't look, people do. */
#define KEYS_CERTIFICATE_DAYS (20 * 365)

/* Makes all keys of a vendor in `directory`, which must not exist or be empty: all or
 * nothing. `name` goes into the Nix key and the certificates; NULL: "vendor-" and random
 * digits. -EEXIST when there are keys already. */
int keys_create(const char *directory, const char *name, struct error *err);

/* Makes a new key for PCR 11 policies beside the old one, which becomes pcr-old.key and
 * pcr-old.pub: boot images made from then on carry the signatures of both. -EEXIST while
 * an earlier renewal is under way. */
int keys_renew(const char *directory, struct error *err);

/* Asks the next start of this machine to trust a public key: "NAME:BASE64", or a file
 * with it. Says what will be asked. */
int keys_trust(const char *what, struct error *err);

/* Asks it to trust one no longer; its line goes. */
int keys_distrust(const char *what, struct error *err);

struct sd_json_variant;

/* The public parts: {"directory", "nix": "NAME:BASE64", "ownerGuid", "certificates":
 * [{"name": "PK", "subject", "sha256", "expires"}], "pcr": {"sha256", "old"}}, "old"
 * during a renewal. -ENOENT with a sentence naming 'atomos keys new' when there are no
 * keys. The caller unrefs. */
int keys_describe(const char *directory, struct sd_json_variant **ret, struct error *err);

/* Reads the Nix public key "NAME:BASE64" without line end; freed by the caller. */
int keys_nix_public(const char *directory, char **ret, struct error *err);
