/* SPDX-License-Identifier: MIT */
/* Asking the Nix code: what a configuration decides, and which store paths it leads to.
 */
#pragma once

#include <stdbool.h>

#include <systemd/sd-json.h>

#include "base/error.h"
#include "base/macro.h"
#include "atomos/flake.h"
#include "atomos/place.h"

/* What the Nix code is called with. */
struct evaluate {
	const struct place *place;
	const struct flake *flake; /* instead of place->configuration; NULL: none */
	const char *vendor_key;	   /* "NAME:BASE64"; NULL: none */
	bool lock;		   /* there is a lock */
	bool paths;		   /* ask for store paths, not for decisions alone */
	bool boot;		   /* ask for the boot path too */
	const char *mirrors;	   /* Nix attribute set, for the expression only */
};

struct evaluated {
	sd_json_variant *decisions;
	bool fresh;   /* the lock answers what the decisions ask for */
	char *system; /* store paths; NULL when not fresh (boot: unless asked for) */
	char *inputs, *boot;
};

/* The expression whose attributes system, inputs and boot can be built; freed by the
 * caller. */
char *evaluate_expression(const struct evaluate *e);

/* Evaluates without building or writing anything. `err` holds the sentence of the Nix
 * code for a mistake in the configuration. Released by evaluated_done. */
int evaluate(const struct evaluate *e, struct evaluated *ret, struct error *err);
void evaluated_done(struct evaluated *e);
#define _cleanup_evaluated_ _cleanup_(evaluated_done)

/* A string of the Nix language with its quotes; freed by the caller. */
char *nix_quote(const char *text);
