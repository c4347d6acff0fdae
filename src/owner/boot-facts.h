/* SPDX-License-Identifier: MIT */
/* What atomos-init noted of this boot: /run/atomos/boot.json. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Of atomos-welcome: its locks. */
#define FIRST_START_DIR "/run/atomos/welcome"
/* Made by the boot of a machine that has an owner, and at the end of the first start. */
#define OWNED_MARK "/run/atomos/owned"

#define BOOT_FACTS_FILE "/run/atomos/boot.json"
#define BOOT_FAILURES_FILE "/run/atomos/failures"

struct boot_facts {
	char *product, *system, *key, *partition, *disk;
	char *tpm;	       /* "present", "absent", "failed" */
	char *earlier_failure; /* of a start before this power-on; NULL: none is known */
	char *tpm_says; /* why it didn't open the disk; NULL: it did, or wasn't asked */
	char *secure_boot; /* "on", "off", "unknown" */
	char *opened_by;   /* "tpm", "password", "recovery", "fido2", "generic" */
	char *pin;	   /* "good", "none", "spoilt", "other-volume", "other-firmware",
			      "unavailable" */
	/* Who remembers the disk's owner keys and lowest release: "tpm", "header", or ""
	 * for nobody. */
	char *remembered;
	char **owner_keys;   /* names of those whose systems are started */
	char **missing_keys; /* remembered, but not there: by the beginning of a hash */
	char **refused_keys;
	uint64_t release, generation, lowest_release, paths, bytes;
	double seconds;
	bool medium, installed, owned, enrolled, home_mounted;
	bool recorded; /* the header's record said the same at this start */
};

/* Reads the text; what is absent is empty ("", 0, false), but product and system are
 * demanded. Released by boot_facts_done; empty on failure. */
int boot_facts_parse(const char *text, struct boot_facts *ret, struct error *err);
int boot_facts_load(const char *path, struct boot_facts *ret, struct error *err);
void boot_facts_done(struct boot_facts *f);
#define _cleanup_boot_facts_ _cleanup_(boot_facts_done)
