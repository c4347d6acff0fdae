/* SPDX-License-Identifier: MIT */
/* A software TPM, and a vendor who signs for it as ukify does. */
#pragma once

#include <openssl/evp.h>
#include <sys/types.h>

struct swtpm {
	char directory[32]; /* for whatever the test needs, too; removed with it */
	pid_t pid;
	char *device; /* for libtss2's driver "swtpm" */
};

/* Starts one, and names it to tpm2-tools. */
void swtpm_start(struct swtpm *t);
void swtpm_stop(struct swtpm *t);

/* What a restart of the machine does to it: PCRs are empty, what it keeps stays. */
void swtpm_restart(struct swtpm *t);

/* Extends PCR 11 with the hash of a word. */
void swtpm_extend(const char *word);

/* Extends PCR 7, as firmware does for Secure Boot's state and keys: with others than
 * before. */
void swtpm_other_firmware(void);

/* Forgets what its users left loaded, as the kernel does for each that closes the device.
 */
void swtpm_forget(void);

/* Runs a program; negative when it fails. */
int tool(const char *const *argv);
#define RUN(...) tool((const char *const[]){__VA_ARGS__, NULL})

/* A public key in PEM; freed by the caller. */
char *public_pem(EVP_PKEY *key);

/* What ukify writes for PCR 11 after this word; `named`: whose signature it claims to be.
 * Freed by the caller. */
char *sign(EVP_PKEY *key, EVP_PKEY *named, const char *word);
