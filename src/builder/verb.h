/* SPDX-License-Identifier: MIT */
/* The sub-commands of atomos-build. Each reads its arguments from the environment, where
 * Nix puts the attributes of a derivation, and writes what it makes to $out. */
#pragma once

#include "base/error.h"

int verb_unpack(struct error *err);
int verb_root(struct error *err);
int verb_system(struct error *err);
int verb_initramfs(struct error *err);
