/* SPDX-License-Identifier: MIT */
/* What an installation asks before it writes anything. */
#pragma once

#include "install/old-pin.h"
#include "atomos/verb.h"

/* Says what is about to happen and has the disk's name typed, unless --yes brought it or
 * the file of answers names the disk's number (`serial`, else NULL). -ECANCELED when that
 * is another one. */
int install_confirm(const struct invocation *in, const struct disk *d, const char *serial,
		    enum old_pin pin, struct error *err);

/* Whether the TPM is to forget what it keeps: what it knows of this disk in any case, of
 * another one only with --take-tpm or a typed yes. */
bool install_confirm_pin(const struct invocation *in, const struct disk *d,
			 const char *serial, enum old_pin pin);
