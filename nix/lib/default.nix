# SPDX-License-Identifier: MIT
# The module system and its words: { lib, evalModules, errors }.
let
  errors = import ./errors.nix;
  properties = import ./properties.nix;
  modules = import ./modules.nix { inherit errors properties; };
in
modules // { inherit errors; }
