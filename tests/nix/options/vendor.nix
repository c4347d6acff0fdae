# SPDX-License-Identifier: MIT
# The options that change the boot image, each seen in what the boot image is made from.
{
  configuration =
    { lib, ... }:
    {
      atomos.product = "acme";
      atomos.release = 7;
      atomos.trust.vendorKeys = [ "acme-1:1jFbzGvLEPZYhOGUTbvEBzgUZzqFDPRvzTHwTjFPVgg=" ];
      atomos.boot.genericPassword = "sesame";
      atomos.boot.keymaps = [
        "us"
        "hu"
      ];
      atomos.boot.consoles = [ "tty0" ];
      boot.kernel.flavour = "cloud-amd64";
      boot.kernelParams = [ "mitigations=auto,nosmt" ];
      boot.initrd.availableKernelModules = [ "megaraid_sas" ];
      debian.suite = "forky";
      debian.debconf = [ "console-data console-data/keymap/full select de" ];
      zramSwap = {
        enable = false;
        memoryPercent = 70;
        algorithm = "lz4";
      };
    };
  see =
    { boot, decisions, ... }:
    {
      "atomos.product" = boot.product;
      "atomos.release" = boot.release;
      "atomos.trust.vendorKeys" = boot.trustedKeys;
      "atomos.boot.genericPassword" = boot.settings.genericPassword;
      "atomos.boot.keymaps" = boot.settings.keymaps;
      "atomos.boot.consoles" = boot.cmdline;
      "boot.kernel.flavour" = boot.kernel;
      "boot.kernelParams" = boot.cmdline;
      "boot.initrd.availableKernelModules" = builtins.elem "megaraid_sas" boot.modules;
      "debian.suite" = boot.osRelease;
      "debian.debconf" = decisions.debian.debconf;
      "zramSwap.enable" = boot.settings.zram.enable;
      "zramSwap.memoryPercent" = boot.settings.zram.percent;
      "zramSwap.algorithm" = boot.settings.zram.algorithm;
    };
}
