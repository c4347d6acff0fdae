# SPDX-License-Identifier: MIT
# What our own programs need of Debian in the running system, and what they go by.
{ config, lib, ... }:
{
  # Part of the verified root: whose signatures an installation goes by, and how the
  # volumes that it makes open until someone owns them.
  config.build.files = {
    "/usr/lib/atomos/trusted-keys".text = lib.concatLines config.build.boot.trustedKeys;
    "/usr/lib/atomos/medium.json".text =
      builtins.toJSON {
        inherit (config.atomos) product release;
        inherit (config.atomos.boot) genericPassword;
        inherit (config.build.decisions.image) keymap;
      }
      + "\n";
  };

  config.debian.basePackages = [
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
}
