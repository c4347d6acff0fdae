/* SPDX-License-Identifier: MIT */
/* A configuration that is a flake, named DIRECTORY#NAME. */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "atomos/place.h"

struct flake {
	char *reference; /* as Nix takes it: git+file:… in a repository, else path:… */
	char *name;	 /* of the system in atomosConfigurations */
};

/* Fills place and flake from what was typed. Nix copies a flake's directory into the
 * store, which everyone can read: -EPERM when there are private keys in one that isn't in
 * a repository (of those, only what is tracked is copied). */
int flake_find(const char *typed, struct place *place, struct flake *ret,
	       struct error *err);
void flake_done(struct flake *f);
