/* SPDX-License-Identifier: MIT */
/* Whose keys the firmware accepts: the signature lists of UEFI variables. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EFIVARS "/sys/firmware/efi/efivars"

/* The names (common name, else organisation) of the certificates in a list of
 * EFI_SIGNATURE_LISTs; a NULL-terminated list, empty when there is none. Stops at what
 * isn't well-formed. */
char **firmware_keys_parse(const uint8_t *data, size_t size);

/* The same of the variable "db" below `directory`. */
char **firmware_keys(const char *directory);
