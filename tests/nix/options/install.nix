# SPDX-License-Identifier: MIT
# The medium's menu, the work of a password, the partition of homes.
{
  configuration.atomos.install = {
    menu.enable = true;
    passwordWork.milliseconds = 0;
    passwordWork.megabytes = 64;
    home.minimum = "1G";
    home.maximum = "20G";
  };
  see =
    { text, lines, ... }:
    let
      welcome = builtins.fromJSON (text "/usr/lib/atomos/welcome.json");
      home = lines "/usr/lib/repart.d/50-atomos-home.conf";
    in
    {
      "atomos.install.menu.enable" = welcome.menu;
      "atomos.install.passwordWork.milliseconds" = [
        welcome.slotMilliseconds
        welcome.cheapHomes
      ];
      "atomos.install.passwordWork.megabytes" = welcome.slotMegabytes;
      "atomos.install.home.minimum" = home "SizeMin.*";
      "atomos.install.home.maximum" = home "SizeMax.*";
    };
}
