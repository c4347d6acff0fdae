/* SPDX-License-Identifier: MIT */
/* What an installation says while it goes on: a bar with rate and time left, and lines of
 * JSON for a program that shows them itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macro.h"
#include "install/old-pin.h"

struct install_report;

/* fd: gets {"done":N,"total":N,"what":"…"} lines; -1: none. quiet: no bar. Never NULL. */
struct install_report *install_report_new(int fd, bool quiet);
void install_report_free(struct install_report *r);
DEFINE_FREEP(struct install_report, install_report_free)
#define _cleanup_install_report_ _cleanup_(install_report_freep)

/* An install_progress; `context` is the struct install_report. */
void install_report_step(void *context, uint64_t done, uint64_t total, const char *what);

/* The disks, for people on stdout, or as JSON. */
int install_print_disks(const struct disks *d, const struct old_pin_facts *tpm, bool json,
			struct error *err);
