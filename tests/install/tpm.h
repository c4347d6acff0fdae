/* SPDX-License-Identifier: MIT */
/* A software TPM that ends with the test, and a vendor that signs its PCR 11. */
#pragma once

#include "image/fixture.h"

/* cmocka setup and teardown: *state is the path of a directory, as setup_directory's;
 * tpm2-tools talk to the TPM by themselves. */
int start_tpm(void **state);
int stop_tpm(void **state);

/* An open connection; the TPM knows one at a time. */
/* It doesn't answer any more, until its end. */
void mute_tpm(void);
int connect_tpm(void **state);

/* "swtpm:path=…", as libtss2 takes it; valid until the next call. */
const char *tpm_driver(void **state);

/* Extends PCR 11 with the hash of a word. */
void extend_phase(const char *word);

/* Makes a key pair; writes "public.pem", and "signature.json" for the phase of this word
 * as ukify does. */
void sign_phase(void **state, const char *word);
