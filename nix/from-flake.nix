# SPDX-License-Identifier: MIT
# The modules of a system that a flake describes (see ../flake.nix), and where its files are.
{ reference, name }:
let
  flake = builtins.getFlake reference;
  system =
    flake.atomosConfigurations.${name}
      or (throw "The flake has no atomosConfigurations.${name}; it has ${
        builtins.concatStringsSep ", " (builtins.attrNames (flake.atomosConfigurations or { }))
      }.");
in
{
  inherit (system) modules;
  directory = flake.outPath;
}
