/* SPDX-License-Identifier: MIT */
/* Configures packages that are laid out in a root, as dpkg would after unpacking them. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "builder/package.h"
#include "builder/sandbox.h"

struct configuring {
	const struct packages *packages;
	bool first_layer;    /* false: the root below is configured already */
	const char *answers; /* for debconf-set-selections(1); may be "" */
};

/* Runs the packages' preinst scripts and dpkg --configure for all of them: base-passwd
 * first, then what is essential or required, then the rest. */
int configure_packages(struct sandbox *s, const struct configuring *c, struct error *err);

/* Fails unless dpkg --audit is silent and every package is "ii"; names the package. */
int configure_check(struct sandbox *s, struct error *err);
