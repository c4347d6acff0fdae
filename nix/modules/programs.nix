# SPDX-License-Identifier: MIT
# Our own programs in the running system, what they need of Debian, and what they go by.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;

  text = value: {
    text = value;
    mode = "0644";
    user = "root";
    group = "root";
  };
  directory = "/usr/lib/atomos";
in
{
  options.build.binaries = mkOption {
    type = types.attrsOf types.anything;
    default = { };
    internal = true;
    description = "Programs of AtomOS in the store, by the absolute path that they have in the root.";
  };

  config = {
    build.files =
      builtins.mapAttrs (_: source: {
        inherit source;
        mode = "0755";
        user = "root";
        group = "root";
      }) config.build.binaries
      // {
        # Part of the verified root: whose signatures an installation goes by, and how the
        # volumes that it makes open until someone owns them.
        "${directory}/trusted-keys" = text (lib.concatLines config.build.boot.trustedKeys);
        "${directory}/medium.json" = text (
          builtins.toJSON {
            inherit (config.atomos) product release;
            inherit (config.atomos.boot) genericPassword;
            inherit (config.build.decisions.image) keymap;
          }
          + "\n"
        );
      };

    debian.basePackages = [
      # libraries
      "libblkid1"
      "libcryptsetup12"
      "libsystemd0"
      "libssl3t64"
      # what an installation runs
      "dosfstools"
      "efibootmgr"
      "fdisk"
      "mtools"
    ];
  };
}
