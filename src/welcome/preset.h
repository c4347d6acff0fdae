/* SPDX-License-Identifier: MIT */
/* Answers that `atomos install --answers` left for this first start. */
#pragma once

#include <stdbool.h>

#include "owner/answers.h"

enum preset {
	PRESET_NONE,
	PRESET_OPEN,   /* from the header, which anybody can have written: no secrets */
	PRESET_SEALED, /* that only this machine's TPM has opened, for this volume */
};

/* Sealed ones wait to be read, or were: one console alone goes by them. */
bool preset_sealed(void);

/* Reads what there is; the plain text of the sealed ones is gone afterwards. What can't
 * be read is logged, and counts as nothing. Released by answers_done. */
enum preset preset_take(const char *partition, struct answers *ret);

/* Takes answers from the header of a disk that has its owner: the first start's last step
 * may have failed at it, after the generic password was gone. What fails is logged, too.
 */
int preset_drop_left(const char *path);

/* The two ways, for tests: the file, and the base64 of the token's `open`. */
int preset_read_file(const char *path, struct answers *ret, struct error *err);
int preset_decode_open(const char *base64, struct answers *ret, struct error *err);
