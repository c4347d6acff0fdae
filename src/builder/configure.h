/* SPDX-License-Identifier: MIT */
/* Configures packages that are laid out in a root, as dpkg would after unpacking them. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "builder/package.h"
#include "builder/sandbox.h"

/* Runs the packages' preinst scripts and dpkg --configure for all of them: base-passwd
 * first, then what is essential or required, then the rest. `first_layer` is false when
 * the root below is already configured. */
int configure_packages(struct sandbox *s, const struct packages *packages,
		       bool first_layer, struct error *err);

/* Fails unless dpkg --audit is silent and every package is "ii"; names the package. */
int configure_check(struct sandbox *s, struct error *err);
