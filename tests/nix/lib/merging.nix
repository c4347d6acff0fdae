# SPDX-License-Identifier: MIT
# Priorities, conditions, order and nesting of definitions.
let
  inherit (import ../../../nix/lib) evalModules lib;
  inherit (lib) mkOption types;
  list = mkOption {
    type = types.listOf types.int;
    default = [ 0 ];
  };
  evaluated = evalModules {
    modules = [
      (
        { config, lib, ... }:
        {
          options = {
            plain = list;
            forced = list;
            ordered = list;
            conditional = list;
            lines = mkOption {
              type = types.lines;
              default = "";
            };
            nested = mkOption {
              type = types.attrsOf (
                types.submodule (
                  { name, config, ... }:
                  {
                    options.label = mkOption {
                      type = types.str;
                      default = "label of ${name}";
                    };
                    options.numbers = list;
                    options.count = mkOption {
                      type = types.int;
                      default = builtins.length config.numbers;
                    };
                  }
                )
              );
              default = { };
            };
            optional = mkOption {
              type = types.nullOr types.int;
              default = null;
            };
            mixed = mkOption { type = types.either types.int (types.listOf types.int); };
            applied = mkOption {
              type = types.int;
              default = 20;
              apply = n: n + 1;
            };
            depends = mkOption {
              type = types.bool;
              default = false;
            };
          };
          config = lib.mkMerge [
            { plain = [ 1 ]; }
            (lib.mkIf config.depends {
              conditional = [ 1 ];
              nested.one.numbers = [ 5 ];
            })
            (lib.mkIf (!config.depends) { conditional = [ 2 ]; })
          ];
        }
      )
      {
        plain = [ 2 ];
        forced = lib.mkForce [ 9 ];
        ordered = lib.mkAfter [ 3 ];
        lines = "b";
        depends = lib.mkDefault true;
        mixed = [ 1 ];
        optional = 4;
        nested = {
          one = lib.mkIf true { numbers = [ 6 ]; };
          two.label = lib.mkDefault "weak";
          three = lib.mkIf false { };
        };
      }
      {
        plain = [
          3
          (lib.mkIf false 4)
          (lib.mkIf true 5)
        ];
        forced = [ 8 ];
        ordered = lib.mkBefore [ 1 ];
        lines = lib.mkBefore "a";
        mixed = [ 2 ];
        nested.two.label = "strong";
        nested.one.numbers = lib.mkBefore [ 4 ];
      }
      { ordered = [ 2 ]; }
      { forced = lib.mkOverride 40 [ 7 ]; }
    ];
  };
in
{
  inherit (evaluated) config errors missing;
  defined = evaluated.options.applied.isDefined;
  setBy = builtins.length evaluated.options.plain.files;
}
