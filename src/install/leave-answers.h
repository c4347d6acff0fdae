/* SPDX-License-Identifier: MIT */
/* Leaves answers for the first start in the header of a fresh volume
 * (core/answers-token.h). */
#pragma once

#include "base/error.h"
#include "base/secret.h"

/* Of the boot image that runs, where systemd looks for it too. */
#define LEAVE_PUBLIC_KEY "/run/systemd/tpm2-pcr-public-key.pem"

struct leave_answers {
	const struct secret *open;   /* without secrets */
	const struct secret *sealed; /* with them; NULL: nothing seals */
	const char *public_key;	     /* of the PCR signatures: a file */
	unsigned seconds;	     /* that the TPM may take; 0: what TPMs take */
	const char *device; /* TPM, as systemd-creds(1) takes it; NULL: the machine's */
};

/* Seals what is to be sealed and adds the token to the header in this file, which is
 * written to the disk later. */
int leave_answers(const struct leave_answers *l, const char *header, struct error *err);
