/* SPDX-License-Identifier: MIT */
/* What an ELF file needs to run: libraries it is linked with, and those it says it loads
 * later. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct elf_needs {
	char *interpreter; /* of a program, or NULL */
	char **needed;	   /* DT_NEEDED */
	char **run_path;   /* DT_RUNPATH or DT_RPATH, $ORIGIN replaced */
	char **loaded;	   /* .note.dlopen, required and recommended: first names */
};

/* Reads an ELF file in memory; `origin` is the folder it lies in. A file that is no ELF
 * file needs nothing. Released by elf_needs_done. Format of the note: systemd's
 * ELF_PACKAGE_METADATA "dlopen" specification (a JSON array with priority and soname). */
int elf_read_needs(const char *data, size_t size, const char *origin,
		   struct elf_needs *ret, struct error *err);
void elf_needs_done(struct elf_needs *n);
#define _cleanup_elf_needs_ _cleanup_(elf_needs_done)
