# SPDX-License-Identifier: MIT
# Conditions that a configuration must meet, and what it is warned of.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    assertions = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            assertion = mkOption {
              type = types.bool;
              description = "What must hold.";
            };
            message = mkOption {
              type = types.str;
              description = "The sentence that is shown when it doesn't hold.";
            };
          };
        }
      );
      default = [ ];
      example = lib.literalExpression ''
        [
          {
            assertion = config.users.users ? admin;
            message = "This remix needs a user named admin.";
          }
        ]'';
      description = "Conditions that must hold; nothing is built while one does not.";
    };
    warnings = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "services.old is going to be removed." ];
      description = "Sentences that are shown whenever the configuration is built.";
    };
  };
}
