/* SPDX-License-Identifier: MIT */
/* The software TPM of tests/init beside a test's directory, and files as a vendor's. */
#pragma once

#include "image/fixture.h"
#include "init/swtpm.h"

/* cmocka setup and teardown: *state is the path of a directory, as setup_directory's;
 * tpm2-tools talk to the TPM by themselves. */
int start_tpm(void **state);
int stop_tpm(void **state);

/* It doesn't answer any more, until its end. */
void mute_tpm(void);

/* An open connection; the TPM knows one at a time. */
int connect_tpm(void);

/* "swtpm:path=…", as libtss2 takes it; valid until the TPM is stopped. */
const char *tpm_driver(void);

/* Makes a key pair; writes "public.pem", and "signature.json" for the phase of this word.
 */
void sign_phase(void **state, const char *word);
