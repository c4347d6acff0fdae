# SPDX-License-Identifier: MIT
# AtomOS as a flake, for remixes that are one:
#   {
#     inputs.atomos.url = "path:/usr/share/atomos";
#     outputs =
#       { atomos, ... }:
#       {
#         atomosConfigurations.desk = atomos.lib.system { modules = [ ./configuration.nix ]; };
#       };
#   }
# `atomos build --flake .#desk` builds it, with the lock beside flake.nix.
{
  description = "Debian as a signed, encrypted medium whose verified root runs from RAM";

  outputs =
    { ... }:
    {
      lib = {
        # A system of the given modules (paths, functions or attribute sets). The command line adds
        # what only it knows: the lock, the keys, the programs that build. `evaluate` gives, without
        # it, what nix/default.nix gives: decisions, config, options.
        system =
          { modules }:
          {
            inherit modules;
            evaluate = arguments: import ./nix ({ configuration = modules; } // arguments);
          };

        # The words of modules, for files that are not modules.
        inherit ((import ./nix/lib).lib)
          mkAfter
          mkBefore
          mkDefault
          mkForce
          mkIf
          mkMerge
          mkOption
          mkOverride
          types
          ;
      };
    };
}
