/* SPDX-License-Identifier: MIT */
/* Fuzz target: what an ELF file needs. Nothing outside of the file may be read. */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "builder/elf-needs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_elf_needs_ struct elf_needs needs = {0};
	/* A copy of exactly this size, so that the sanitizer sees every step beyond. */
	_cleanup_free_ char *copy = xmemdup(data, size);

	(void)elf_read_needs(copy, size, "/usr/lib", &needs, NULL);
	return 0;
}
