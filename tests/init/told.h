/* SPDX-License-Identifier: MIT */
/* A volume that a software TPM is told to open, for boot images of two vendor's keys. */
#pragma once

#include <libcryptsetup.h>

#include "swtpm.h"
#include "base/secret.h"
#include "init/enrol.h"
#include "init/protection.h"
#include "init/tpm-slots.h"

/* Where systemd's programs look for it when nobody names another place. */
#define SIGNATURE_DIR "/run/systemd"
#define SIGNATURE_FILE SIGNATURE_DIR "/tpm2-pcr-signature.json"

/* What a boot image brings along. */
struct boot_image {
	char *pem, *json, *key_file, *signature_file;
	uint8_t fingerprint[PCR_FINGERPRINT_SIZE];
	struct pin_tpm tpm;
};

struct fixture {
	struct swtpm tpm;
	char *volume;
	EVP_PKEY *keys[2];
	struct boot_image old, both, new;
};

/* Starts the TPM in the phase of a start, with a volume that opens with "atomos". */
int told_setup(void **state);
int told_teardown(void **state);
#define TOLD_TEST(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

/* Writes a file of the fixture's. */
void save(const char *path, const char *text);

/* A further volume, which the fixture names from then on. */
void make_volume(struct fixture *f, const char *name);

/* With its header loaded; freed by the caller. */
struct crypt_device *open_volume(const struct fixture *f);

/* The slot that opens by this token and perhaps a PIN, under this image; or what the boot
 * gets to hear. */
int unseal_pin(const struct fixture *f, const struct boot_image *i, int token,
	       const char *pin);
int unseal(const struct fixture *f, const struct boot_image *i, int token);

/* As the boot opens it, but for the device. */
int unlocks(const struct fixture *f, const struct boot_image *i, int first,
	    const char *pin);

/* The TPM's slots, in a header that the boot accepts; released by tpm_slots_done. */
void slots_of(const struct fixture *f, struct tpm_slots *ret);
void digest_of(const struct fixture *f, uint8_t ret[static VOLUME_DIGEST_SIZE]);

/* Tells the TPM to open the volume, as this image would. */
void tell(struct fixture *f, const struct boot_image *i, struct enrol e);
/* A slot, by the password. */
void tell_first(struct fixture *f, const struct boot_image *i);

enum pin_state pin_of(const struct boot_image *i);

/* Where the TPM's answer for this volume leads, as the boot takes it. */
struct protection protection_of(const struct fixture *f, const struct boot_image *i);
