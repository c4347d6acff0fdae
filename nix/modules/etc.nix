# SPDX-License-Identifier: MIT
# Files of the root that come from the configuration.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;

  file =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the file is made; false leaves what Debian ships.";
        };
        text = mkOption {
          type = types.nullOr types.lines;
          default = null;
          description = "Content of the file.";
        };
        source = mkOption {
          type = types.nullOr types.path;
          default = null;
          example = lib.literalExpression "./sshd-banner";
          description = "A file beside the configuration that holds the content.";
        };
        target = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "/run/systemd/resolve/stub-resolv.conf";
          description = "Makes a symbolic link to this path instead of a file.";
        };
        remove = mkOption {
          type = types.bool;
          default = false;
          description = "Removes the file that a package ships.";
        };
        mode = mkOption {
          type = types.strMatching "[0-7]{4}" // {
            description = "a mode of four octal digits";
          };
          default = "0644";
          description = "Mode of the file.";
        };
        user = mkOption {
          type = types.str;
          default = "root";
          description = "Owner of the file.";
        };
        group = mkOption {
          type = types.str;
          default = "root";
          description = "Group of the file.";
        };
      };
    };

  enabled = lib.filterAttrs (_: f: f.enable) config.environment.etc;

  sources = f: lib.optional (f.text != null) "text" ++ lib.optional (f.source != null) "source"
    ++ lib.optional (f.target != null) "target" ++ lib.optional f.remove "remove";

  # /etc/environment is read by pam_env and by systemd --user.
  quote = value: "\"${builtins.replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ] (toString value)}\"";
in
{
  options = {
    environment.etc = mkOption {
      type = types.attrsOf (types.submodule file);
      default = { };
      example = lib.literalExpression ''{ "motd".text = "Welcome.\n"; }'';
      description = "Files below /etc, by their path there.";
    };
    environment.variables = mkOption {
      type = types.attrsOf (types.oneOf [ types.str types.int types.path ]);
      default = { };
      example = {
        EDITOR = "nano";
      };
      description = "Environment variables of every session.";
    };
    build.files = mkOption {
      type = types.attrsOf types.anything;
      internal = true;
      description = "Files of the system in the form of the builder's specification, by absolute path.";
    };
  };

  config = {
    environment.etc."environment" = lib.mkIf (config.environment.variables != { }) {
      text = lib.concatLines (
        lib.mapAttrsToList (name: value: "${name}=${quote value}") config.environment.variables
      );
    };
    build.files = lib.mapAttrs' (
      name: f:
      lib.nameValuePair "/etc/${name}" (
        if f.remove then
          { remove = true; }
        else if f.target != null then
          { inherit (f) target; }
        else
          {
            inherit (f) mode user group;
          }
          // (if f.source != null then { source = "${f.source}"; } else { text = toString f.text; })
      )
    ) enabled;
    assertions = lib.mapAttrsToList (name: f: {
      assertion = builtins.length (sources f) == 1;
      message =
        if sources f == [ ] then
          "environment.etc.\"${name}\" has no content: set text, source, target or remove."
        else
          "environment.etc.\"${name}\" has both ${builtins.concatStringsSep " and " (sources f)}: keep one.";
    }) enabled;
  };
}
