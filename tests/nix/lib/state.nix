# SPDX-License-Identifier: MIT
# What outlives a restart when a configuration says nothing about it: a directory that is missing
# here is forgotten on every machine.
(import ../../../nix { configuration = { }; }).config.atomos.state
