# SPDX-License-Identifier: MIT
# What our own programs need of Debian in the running system, and what they go by.
{ config, lib, ... }:
let
  # "20G" as systemd-repart reads it.
  bytes =
    size:
    let
      parts = builtins.match "([0-9]+)([KMGT]?)" size;
      factors = {
        "" = 1;
        K = 1024;
        M = 1024 * 1024;
        G = 1024 * 1024 * 1024;
        T = 1024 * 1024 * 1024 * 1024;
      };
      # A number may begin with zeros, which JSON doesn't have.
      digits = builtins.match "0*([0-9]+)" (builtins.head parts);
    in
    builtins.fromJSON (builtins.head digits) * factors.${builtins.elemAt parts 1};
in
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
        homeMinimum = bytes config.atomos.install.home.minimum;
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
