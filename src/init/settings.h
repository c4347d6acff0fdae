/* SPDX-License-Identifier: MIT */
/* What the signed boot image says beside its code: /etc/atomos in the initramfs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/signature.h"

#define SETTINGS_MAX (256U << 10)

struct settings {
	char *generic_password; /* of media; NULL: they have none */
	char **keymaps;		/* names that loadkeys may be given */
	uint64_t release;
	bool zram;
	uint64_t zram_percent; /* of the memory */
	char *zram_algorithm;
	char *product;
	char *cmdline;
	struct trusted_keys keys;
};

/* Parses settings.json: genericPassword, keymaps, release, zram {enable, percent,
 * algorithm}; all optional, others ignored. The result is released by settings_done. */
int settings_parse(const char *text, struct settings *ret, struct error *err);

/* Reads the whole directory (settings.json, product, cmdline, trusted-keys). */
int settings_read(int dirfd, struct settings *ret, struct error *err);
void settings_done(struct settings *s);
