/* SPDX-License-Identifier: MIT */
/* The JSON that the modules give to `atomos-build system`. */
#pragma once

#include <stdint.h>
#include <systemd/sd-json.h>

#include "builder/accounts.h"
#include "base/error.h"

enum spec_kind { SPEC_TEXT, SPEC_SOURCE, SPEC_SYMLINK, SPEC_DIRECTORY, SPEC_REMOVE };

struct spec_file {
	char *path;
	enum spec_kind kind;
	char *value; /* text, store path or target */
	char *user, *group;
	uint32_t mode; /* permissions; SPEC_MODE_DEFAULT where none is given */
};
#define SPEC_MODE_DEFAULT UINT32_MAX

struct spec {
	char *product;
	uint64_t release;
	int64_t epoch;
	struct spec_file *files; /* sorted by path */
	size_t file_count;
	struct account_changes accounts;
	sd_json_variant *state, *ram; /* handed on as they are */
};

/* Parses version 1. Released by spec_done; empty on failure. `err` names the path or the
 * field. */
int spec_parse(const char *text, struct spec *ret, struct error *err);
void spec_done(struct spec *s);
#define _cleanup_spec_ _cleanup_(spec_done)
