#!/bin/sh
# Run by apt after dpkg: one sentence, only where the root lives in RAM.
# SPDX-License-Identifier: MIT
[ -e /run/atomos/started ] || exit 0
echo "AtomOS: what apt changed lives in memory and is gone after the next boot; to keep a package, add it to environment.systemPackages in /etc/atomos/configuration.nix." >&2
exit 0
